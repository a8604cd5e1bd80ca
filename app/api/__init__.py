"""The HTTP API: requests come in; domain objects are asked; JSON and problem details go out."""
