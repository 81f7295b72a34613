// Package ecr stands in for registries: repositories, lifecycle policies, replication and pull-through caches.
package ecr

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/docker"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "ecr", Name: "ECR",
	Behaviors: map[string]bridge.Behavior{
		token.Repository:         {Remove: removeRepository},
		token.LifecyclePolicy:    {Create: createLifecyclePolicy},
		token.RepositoryPolicy:   {Create: refuseRepositoryPolicy, Update: refuseRepositoryPolicy},
		token.ImageReplication:   {Create: createReplication, Update: refuseReplication},
		token.PullThrough:        {Create: refuseUpstream, Update: refuseUpstream},
		token.RepositoryTemplate: {Create: checkTemplate, Update: checkTemplate},
	},
	Equalities: map[string]func(a, b string) bool{
		"lifecycle": func(a, b string) bool { return model.EqualDocuments(a, b, canonicalLifecycle) },
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:ecr/getAuthorizationToken:getAuthorizationToken": getAuthorizationToken,
		"aws:ecr/getCredentials:getCredentials":               getAuthorizationToken,
		"aws:ecr/getImage:getImage":                           getImage,
		"aws:ecr/getRepository:getRepository": bridge.GetByName(
			"name",
			token.Repository,
			"RepositoryNotFoundException",
		),
	},
}

// PulledThrough reports whether a repository, named without its registry, is filled by a pull-through cache.
func PulledThrough(c *bridge.Change, repository string) (bool, error) {
	rules, err := c.Tx.OfType(c.Region().Name, token.PullThrough)
	return slices.ContainsFunc(rules, func(rule *world.Thing) bool {
		return strings.HasPrefix(repository, bridge.StateOf(rule).Str("ecrRepositoryPrefix")+"/")
	}), err
}

// refuseRepositoryPolicy refuses a policy that is none, and one that names resources: it is about its repository.
func refuseRepositoryPolicy(c *bridge.Change) error {
	value, has := c.Inputs.At("policy")
	if !has {
		return nil
	}
	parsed, _ := values.ParseJSON(values.Document(value))
	policy, _ := parsed.(map[string]any)
	statements := iam.StatementsOf(policy)
	if len(statements) == 0 ||
		slices.ContainsFunc(
			statements,
			func(s map[string]any) bool { return s["Resource"] != nil || s["Principal"] == nil },
		) {
		return bridge.Refuse(
			"InvalidParameterException",
			"Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy "+
				"provided': each statement has a Principal and no Resource",
		)
	}
	return nil
}

// checkTemplate tells of a template that ECR takes but cannot carry out, from "Templates to control repositories
// created during a pull through cache or replication action" in the Amazon ECR User Guide.
func checkTemplate(c *bridge.Change) error {
	encrypted := slices.ContainsFunc(
		c.Inputs.Objects("encryptionConfigurations"),
		func(e values.View) bool { return e.Str("encryptionType") != "AES256" },
	)
	if (encrypted || c.Inputs.Has("resourceTags")) && !c.Inputs.Has("customRoleArn") {
		c.Warn(
			"the repository creation template %s encrypts with KMS or tags, for which ECR needs customRoleArn: the "+
				"repositories are made without",
			c.Inputs.Str("prefix"),
		)
	}
	return nil
}

// createReplication refuses to take the place of a registry's only replication configuration, which ECR would do.
func createReplication(c *bridge.Change) error {
	others, err := c.Siblings(token.ImageReplication)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return bridge.Refuse(
			"ValidationException",
			"The registry has a replication configuration already, made by %s, which this one would replace",
			others[0].URN,
		)
	}
	return refuseReplication(c)
}

// refuseReplication refuses to copy images to where they come from.
func refuseReplication(c *bridge.Change) error {
	for _, rule := range c.Inputs.Objects("replicationConfiguration.rules") {
		for _, destination := range rule.Objects("destinations") {
			where, registry := destination.Str("region"), destination.Str("registryId")
			if where == c.Region().Name && registry == world.Account {
				return bridge.Refuse(
					"InvalidParameterException",
					"Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'the "+
						"destination %s in %s is the source registry itself'",
					registry,
					where,
				)
			}
			if _, err := region.Named(where); err != nil {
				return bridge.Refuse("InvalidParameterException", "replicationConfiguration: %v", err)
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

// withoutCaches are the partitions without pull-through caches ("Considerations for using pull through cache rules",
// Amazon ECR user guide).
var withoutCaches = []string{"aws-cn", "aws-us-gov"}

func refuseUpstream(c *bridge.Change) error {
	if slices.Contains(withoutCaches, c.Region().Partition()) {
		return bridge.Refuse(
			"UnsupportedCommandException",
			"Pull through cache rules aren't supported in %s",
			c.Region().Name,
		)
	}
	host := c.Inputs.Str("upstreamRegistryUrl")
	for _, upstream := range upstreams {
		if !upstream.host.MatchString(host) {
			continue
		}
		if upstream.credential && !c.Inputs.Has("credentialArn") {
			return bridge.Refuse(
				"InvalidParameterException",
				"Invalid parameter at 'credentialArn' failed to satisfy constraint: 'the upstream registry %s "+
					"needs a secret named ecr-pullthroughcache/...'",
				host,
			)
		}
		return nil
	}
	return bridge.Refuse(
		"UnsupportedUpstreamRegistryException",
		"The specified upstream registry isn't supported: %s",
		host,
	)
}

func removeRepository(c *bridge.Change) error {
	url := bridge.StateOf(c.Thing).Str("repositoryUrl")
	images, err := c.Tx.Images(url)
	if err != nil {
		return err
	}
	if len(images) > 0 && !c.Olds.Bool("forceDelete") {
		return bridge.Refuse(
			"RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted "+
				"because it still contains images; set forceDelete and run an update first",
			c.Thing.ID,
			c.Olds.Str("registryId"),
		)
	}
	return c.Tx.RemoveImages(url)
}

func createLifecyclePolicy(c *bridge.Change) error {
	parsed, _ := values.ParseJSON(c.Inputs.Str("policy"))
	document, _ := parsed.(map[string]any)
	if rules, is := document["rules"].([]any); !is || len(rules) == 0 {
		return bridge.Refuse(
			"InvalidParameterException",
			"Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "+
				"'Lifecycle policy validation failure: object has missing required properties ([\"rules\"])'",
		)
	}
	return nil
}

// SplitImage parts an image's name into its repository and its tag or digest.
func SplitImage(image string) (repository, reference string) {
	if repository, digest, found := strings.Cut(image, "@"); found {
		if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
			repository = repository[:i]
		}
		return repository, digest
	}
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i], image[i+1:]
	}
	return image, "latest"
}

// canonicalLifecycle sorts the rules of an ECR lifecycle policy by their priority and the tags they select.
func canonicalLifecycle(v any) any {
	object, is := v.(map[string]any)
	if !is {
		return v
	}
	rules, is := object["rules"].([]any)
	if !is {
		return v
	}
	sorted := slices.Clone(rules)
	for i, rule := range sorted {
		sorted[i] = sortTexts(rule)
	}
	slices.SortStableFunc(sorted, func(a, b any) int { return cmp.Compare(priority(a), priority(b)) })
	object["rules"] = sorted
	return object
}

func priority(rule any) float64 {
	object, _ := rule.(map[string]any)
	number, _ := object["rulePriority"].(json.Number)
	value, _ := number.Float64()
	return value
}

// sortTexts sorts every list of texts within a value.
func sortTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = sortTexts(value)
		}
	case []any:
		slices.SortStableFunc(v, func(a, b any) int {
			left, _ := a.(string)
			right, _ := b.(string)
			return cmp.Compare(left, right)
		})
	}
	return v
}

func getAuthorizationToken(c bridge.Call) (map[string]any, error) {
	registry := c.Args.Str("registryId")
	if registry == "" {
		registry = world.Account
	}
	return map[string]any{
		"id": c.Region().Name,
		"authorizationToken": base64.StdEncoding.EncodeToString(
			[]byte(bridge.RegistryUser + ":" + bridge.RegistryPassword),
		),
		"userName":  bridge.RegistryUser,
		"password":  bridge.RegistryPassword,
		"expiresAt": time.Now().UTC().Add(12 * time.Hour).Format(time.RFC3339),
		"proxyEndpoint": fmt.Sprintf(
			"https://%s.dkr.ecr.%s.%s",
			registry,
			c.Region().Name,
			c.Region().DNSSuffix(),
		),
	}, nil
}

// getImage finds an image that could not be built only while there is no engine: then a program that looks for it has
// it built.
func getImage(c bridge.Call) (map[string]any, error) {
	name := c.Args.Str("repositoryName")
	url := fmt.Sprintf("%s.dkr.ecr.%s.%s/%s", world.Account, c.Region().Name, c.Region().DNSSuffix(), name)
	images, err := c.Tx.Images(url)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(images, func(a, b world.Image) int { return b.Pushed.Compare(a.Pushed) })
	tag, digest := c.Args.Str("imageTag"), c.Args.Str("imageDigest")
	for _, image := range images {
		asked := (tag == "" || image.Tag == tag) && (digest == "" || image.Digest == digest)
		if asked && (image.IsBuilt() || !docker.Answers(c.Context)) {
			return map[string]any{
				"id":               image.Digest,
				"imageDigest":      image.Digest,
				"imageTags":        []any{image.Tag},
				"imageUri":         url + "@" + image.Digest,
				"imageSizeInBytes": float64(image.Size),
				"imagePushedAt":    float64(image.Pushed.Unix()),
				"registryId":       world.Account,
			}, nil
		}
	}
	return nil, bridge.Refuse(
		"ImageNotFoundException",
		"The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the "+
			"repository with name '%s'",
		digest,
		tag,
		name,
	)
}
