/** Where the sandbox plays the services: by their own origin, such as `https://pendium.ai`, the one on this machine. */
export const origins: Readonly<Record<string, string>> = JSON.parse(import.meta.env.VITE_SANDBOX_ORIGINS)
