// From Yoga and not from graphql: a bundler's condition can load graphql twice, and Yoga would mask a foreign error.
import { createGraphQLError, createSchema, createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { PentographerAccount } from './accounts.ts'
import {
  addFinding,
  type Finding,
  findingOf,
  type NewFinding,
  projectOf,
  type Risk,
  type Workspace,
} from './workspace.ts'

/** Whom a GraphQL operation runs for. */
export interface GraphQLViewer {
  readonly account: PentographerAccount
  readonly workspace: Workspace
}

// Names are from the GraphQL reference, arguments and enum values from the public source. The reference calls a
// finding's gravity `risk` and the source `riskLevel`: both are here.
const typeDefs = /* GraphQL */ `
  enum RiskLevel { high medium low informational }
  enum FindingStatus { draft in_review confirmed informational false_positive }
  enum ProjectStatus { in_progress under_review complete }
  type User { id: ID! name: String! email: String! companyName: String! }
  type Customer { id: ID! name: String! contactEmail: String }
  type Finding {
    id: ID!
    title: String!
    risk: RiskLevel!
    riskLevel: RiskLevel!
    status: FindingStatus!
    description: String
    remediation: String
    justification: String
    playbookItemId: ID
  }
  type Project { id: ID! name: String! status: ProjectStatus! customer: Customer! findings: [Finding!]! }
  type PlaybookItem { id: ID! title: String! risk: RiskLevel! frameworkRef: String }
  type PlaybookCategory { id: ID! name: String! items: [PlaybookItem!]! }
  type Playbook { id: ID! name: String! version: String! categories: [PlaybookCategory!]! }
  input CreateFindingInput {
    title: String!
    riskLevel: RiskLevel!
    description: String
    remediation: String
    playbookItemId: ID
  }
  type Query {
    me: User!
    customers: [Customer!]!
    projects(customerId: ID): [Project!]!
    playbooks: [Playbook!]!
  }
  type Mutation {
    createFinding(projectId: ID!, input: CreateFindingInput!): Finding!
    updateFindingStatus(findingId: ID!, status: FindingStatus!, justification: String): Finding!
  }
`

const resolvers = {
  Finding: { riskLevel: (finding: Finding): Risk => finding.risk },
  Query: {
    me: (_: unknown, __: unknown, { account, workspace }: GraphQLViewer) => ({
      ...account,
      companyName: workspace.companyName,
    }),
    customers: (_: unknown, __: unknown, { workspace }: GraphQLViewer) => workspace.customers,
    projects: (_: unknown, { customerId }: { customerId?: string | null }, { workspace }: GraphQLViewer) =>
      workspace.projects.filter((project) => (customerId ?? project.customer.id) === project.customer.id),
    playbooks: (_: unknown, __: unknown, { workspace }: GraphQLViewer) => workspace.playbooks,
  },
  Mutation: {
    createFinding(
      _: unknown,
      { projectId, input }: { projectId: string; input: NewFinding },
      { workspace }: GraphQLViewer,
    ): Finding {
      const project = projectOf(workspace, projectId)
      if (project === undefined) throw createGraphQLError('Project not found.')
      return addFinding(project, input)
    },
    updateFindingStatus(
      _: unknown,
      { findingId, status, justification }: FindingStatusArguments,
      { workspace }: GraphQLViewer,
    ): Finding {
      const finding = findingOf(workspace, findingId)
      if (finding === undefined) throw createGraphQLError('Finding not found.')
      finding.status = status
      finding.justification = justification ?? null
      return finding
    },
  },
}

interface FindingStatusArguments {
  readonly findingId: string
  readonly status: Finding['status']
  readonly justification?: string | null
}

/**
 * Makes the GraphQL endpoint: GraphQL Yoga, as the service's own reference says it uses. The schema is built with the first
 * request, since most sandboxes never see one.
 */
export function createGraphQL(): (request: Request, viewer: GraphQLViewer) => Promise<Response> {
  let yoga: ReturnType<typeof createEndpoint> | undefined
  return async (request, viewer) => {
    yoga ??= createEndpoint()
    return yoga.fetch(request, viewer)
  }
}

function createEndpoint(): YogaServerInstance<GraphQLViewer, object> {
  return createYoga<GraphQLViewer>({
    graphqlEndpoint: '/api/graphql',
    schema: createSchema<GraphQLViewer>({ typeDefs, resolvers }),
    logging: false,
    landingPage: false,
    // The page for a browser is served before the credential is checked; what comes here is an operation.
    graphiql: false,
    cors: false,
    // The platform's own classes, so that what comes out is a plain Response on every runtime.
    fetchAPI: { Request, Response, Headers, ReadableStream, URL, TextEncoder, TextDecoder },
  })
}
