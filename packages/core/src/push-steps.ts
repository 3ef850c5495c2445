// How a request is pushed: loaded for the servers that want that.
export { pushedRequest } from './pushed-request.ts'
