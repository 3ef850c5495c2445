// The whole public surface of @pentauth/mcp: named exports only.
export { type McpServiceOptions, mcpService } from './mcp-service.ts'
