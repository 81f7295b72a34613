package aws

// accountService answers what the provider says of the account and its regions.
var accountService = service{
	module: "index",
	functions: map[string]func(call) (map[string]any, error){
		"aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
		"aws:index/getAvailabilityZone:getAvailabilityZone":   getAvailabilityZone,
		"aws:index/getCallerIdentity:getCallerIdentity":       getCallerIdentity,
		"aws:index/getRegion:getRegion":                       getRegion,
		"aws:index/getRegions:getRegions":                     getRegions,
		"aws:index/getPartition:getPartition":                 getPartition,
		"aws:index/getDefaultTags:getDefaultTags":             getDefaultTags,
	},
}
