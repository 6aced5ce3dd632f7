// The subpath is reserved: Faremeter's client and facilitator handlers are exported here.
export {};
