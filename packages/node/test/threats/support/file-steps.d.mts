export declare function watchSteps(before: (step: number) => void): Promise<() => void>
