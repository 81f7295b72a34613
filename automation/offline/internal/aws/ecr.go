package aws

import (
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// ecrService is what ECR does beyond its models.
var ecrService = service{
	module: "ecr", name: "ECR",
	behaviors: map[string]behavior{
		tRepository:         {remove: removeRepository},
		tLifecyclePolicy:    {create: createLifecyclePolicy},
		tRepositoryPolicy:   {create: refuseRepositoryPolicy, update: refuseRepositoryPolicy},
		tImageReplication:   {create: refuseReplication, update: refuseReplication},
		tPullThrough:        {create: refuseUpstream, update: refuseUpstream},
		tRepositoryTemplate: {create: checkTemplate, update: checkTemplate},
	},
	equalities: map[string]func(a, b string) bool{
		"lifecycle": func(a, b string) bool { return equalDocuments(a, b, canonicalLifecycle) },
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:ecr/getAuthorizationToken:getAuthorizationToken": getAuthorizationToken,
		"aws:ecr/getCredentials:getCredentials":               getAuthorizationToken,
		"aws:ecr/getImage:getImage":                           getImage,
		"aws:ecr/getRepository:getRepository":                 getByName("name", tRepository, "RepositoryNotFoundException"),
	},
}

// pulledThrough tells whether a repository, named without its registry, is filled by a pull-through cache.
func pulledThrough(c *change, repository string) (bool, error) {
	rules, err := c.tx.OfType(c.region().Name, tPullThrough)
	return slices.ContainsFunc(rules, func(rule *world.Thing) bool {
		return strings.HasPrefix(repository, stateOf(rule).str("ecrRepositoryPrefix")+"/")
	}), err
}

// refuseRepositoryPolicy refuses a policy that is none, and one that names resources: it is about its repository.
func refuseRepositoryPolicy(c *change) error {
	value, has := c.inputs.at("policy")
	if !has {
		return nil
	}
	parsed, _ := parseJSON(document(value))
	policy, _ := parsed.(map[string]any)
	statements := statementsOf(policy)
	if len(statements) == 0 || slices.ContainsFunc(statements, func(s map[string]any) bool { return s["Resource"] != nil || s["Principal"] == nil }) {
		return refuse("InvalidParameterException", "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy "+
			"provided': each statement has a Principal and no Resource")
	}
	return nil
}

// checkTemplate tells of a template that ECR takes but cannot carry out, from "Templates to control repositories created
// during a pull through cache or replication action" in the Amazon ECR User Guide.
func checkTemplate(c *change) error {
	encrypted := slices.ContainsFunc(c.inputs.objects("encryptionConfigurations"), func(e view) bool { return e.str("encryptionType") != "AES256" })
	if (encrypted || c.inputs.has("resourceTags")) && !c.inputs.has("customRoleArn") {
		c.warn("the repository creation template %s encrypts with KMS or tags, for which ECR needs customRoleArn: the repositories are made without",
			c.inputs.str("prefix"))
	}
	return nil
}

// refuseReplication refuses to copy images to where they come from.
func refuseReplication(c *change) error {
	for _, rule := range c.inputs.objects("replicationConfiguration.rules") {
		for _, destination := range rule.objects("destinations") {
			region, registry := destination.str("region"), destination.str("registryId")
			if region == c.region().Name && registry == world.Account {
				return refuse("InvalidParameterException", "Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'the "+
					"destination %s in %s is the source registry itself'", registry, region)
			}
			if _, err := regionNamed(region); err != nil {
				return refuse("InvalidParameterException", "replicationConfiguration: %v", err)
			}
		}
	}
	return nil
}

// upstreams are the registries that a pull-through cache rule can be for, and whether they want a credential. From
// "Creating a pull through cache rule in Amazon ECR" in the Amazon ECR User Guide.
var upstreams = []struct {
	host       *regexp.Regexp
	credential bool
}{
	{regexp.MustCompile(`^(public\.ecr\.aws|registry\.k8s\.io|quay\.io)$`), false},
	{regexp.MustCompile(`^(registry-1\.docker\.io|ghcr\.io|registry\.gitlab\.com|[a-z0-9]+\.azurecr\.io)$`), true},
	{regexp.MustCompile(`^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$`), false},
}

func refuseUpstream(c *change) error {
	host := c.inputs.str("upstreamRegistryUrl")
	for _, upstream := range upstreams {
		if !upstream.host.MatchString(host) {
			continue
		}
		if upstream.credential && !c.inputs.has("credentialArn") {
			return refuse("InvalidParameterException", "Invalid parameter at 'credentialArn' failed to satisfy constraint: 'the upstream registry %s "+
				"needs a secret named ecr-pullthroughcache/...'", host)
		}
		return nil
	}
	return refuse("UnsupportedUpstreamRegistryException", "The specified upstream registry isn't supported: %s", host)
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
