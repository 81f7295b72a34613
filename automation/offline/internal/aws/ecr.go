package aws

func init() {
	register(map[string]behavior{
		tRepository:      {remove: removeRepository},
		tLifecyclePolicy: {create: createLifecyclePolicy},
	})
}

func removeRepository(c *change) error {
	url := stateOf(c.thing).str("repositoryUrl")
	images, err := c.tx.Images(url)
	if err != nil {
		return err
	}
	if len(images) > 0 && !c.olds.bool("forceDelete") {
		return refuse("RepositoryNotEmptyException", "The repository with name '%s' in registry with id '%s' cannot be deleted "+
			"because it still contains images; set forceDelete and run an update first", c.thing.ID, c.olds.str("registryId"))
	}
	return c.tx.RemoveImages(url)
}

func createLifecyclePolicy(c *change) error {
	parsed, _ := parseJSON(c.inputs.str("policy"))
	document, _ := parsed.(map[string]any)
	if rules, is := document["rules"].([]any); !is || len(rules) == 0 {
		return refuse("InvalidParameterException", "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "+
			"'Lifecycle policy validation failure: object has missing required properties ([\"rules\"])'")
	}
	return nil
}
