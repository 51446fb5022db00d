"""W&B's GraphQL API over the offline world: its schema, execution, and resolvers by domain."""
