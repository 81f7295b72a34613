package calls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/authorization"
	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// reader reads the world and keeps the first error.
type reader struct {
	tx  *world.Tx
	err error
}

func (r *reader) note(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) many(things []*world.Thing, err error) []*world.Thing {
	r.note(err)
	return things
}

// byARN returns the thing with the ARN, or nil. Where others share it, as the versions of a secret do, it is the one
// that was there first.
func (r *reader) byARN(arn string) *world.Thing {
	if arn == "" {
		return nil // many things have none
	}
	if things := r.many(r.tx.ByARN(arn)); len(things) > 0 {
		return things[len(things)-1]
	}
	return nil
}

// named returns the thing of a type with the name in a region, or nil.
func (r *reader) named(region, typ, name string) *world.Thing {
	for _, thing := range r.many(r.tx.ByName(typ, name)) {
		if thing.Region == region || thing.Region == world.Global {
			return thing
		}
	}
	return nil
}

// byID returns the thing of a type with the id, or nil.
func (r *reader) byID(typ, id string) *world.Thing {
	if things := r.many(r.tx.ByID(typ, id)); len(things) > 0 {
		return things[0]
	}
	return nil
}

// linked returns the things that a thing refers to by a property.
func (r *reader) linked(thing *world.Thing, property string) []*world.Thing {
	links, err := r.tx.Links(thing)
	r.note(err)
	var targets []*world.Thing
	for _, link := range links {
		if link.Property == property {
			targets = append(targets, link.Target)
		}
	}
	return targets
}

// satellites returns the things of a type in whose property the value is.
func (r *reader) satellites(region, typ, property string, owned ...string) []*world.Thing {
	var found []*world.Thing
	for _, thing := range r.many(r.tx.OfType(region, typ)) {
		if slices.Contains(owned, bridge.StateOf(thing).Str(property)) {
			found = append(found, thing)
		}
	}
	return found
}

// key returns the customer managed key that a value names by id, ARN or alias, or nil.
func (r *reader) key(region, value string) *world.Thing {
	if value == "" || references.IsManagedKey(value) {
		return nil
	}
	id := values.AfterLast(value, "/")
	if strings.Contains(value, "alias/") {
		for _, alias := range r.many(r.tx.OfType(region, token.Alias)) {
			if bridge.StateOf(alias).Str("name") == "alias/"+id || alias.ARN == value {
				id = bridge.StateOf(alias).Str("targetKeyId")
			}
		}
	}
	for _, typ := range []string{token.Key, token.ReplicaKey} {
		for _, key := range r.many(r.tx.ByID(typ, id)) {
			if key.Region == region {
				return key
			}
		}
	}
	return nil
}

// encrypted are calls of these actions for the key that a value names, if it is one of the account's.
func (r *reader) encrypted(caller caller, region, value string, keys context, actions ...string) requests {
	key := r.key(region, value)
	if key == nil {
		return nil
	}
	aliases := []string{}
	for _, alias := range r.satellites(region, token.Alias, "targetKeyId", key.ID) {
		aliases = append(aliases, bridge.StateOf(alias).Str("name"))
	}
	return caller.calls(key.ARN, keys.and(context{"kms:ResourceAliases": aliases}), actions...)
}

// decide decides a call by the policies in the world.
func (r *reader) decide(call authorization.Request) authorization.Decision {
	call.Context = context(call.Context).and(r.principalTags(call.Role))
	decision, err := authorization.Decide(call, r.policiesFor(call))
	r.note(err)
	return decision
}

// principalTags are the keys of a role's tags, which IAM sends with every call of the role ("AWS global condition
// context keys", IAM user guide). Tags of a session would go before them, but no trust policy here allows
// sts:TagSession.
func (r *reader) principalTags(role string) context {
	keys := context{}
	if thing := r.byARN(role); thing != nil {
		for key, value := range tagsOf(thing) {
			keys[strings.Replace(key, "aws:ResourceTag/", "aws:PrincipalTag/", 1)] = value
		}
	}
	return keys
}

// policiesFor returns what decides a call.
func (r *reader) policiesFor(call authorization.Request) authorization.Policies {
	policies := authorization.Policies{Resource: r.policiesOf(call.Resource)}
	policies.ResourceDecides = strings.Contains(call.Resource, ":key/") || call.Action == "sts:AssumeRole"
	role := r.byARN(call.Role)
	if role == nil {
		return policies
	}
	for _, referrer := range r.referrers(role) {
		switch referrer.Type {
		case token.RolePolicy:
			policies.Identity = append(policies.Identity, r.policiesIn(referrer)...)
		case token.RoleAttachment:
			if attached := r.byARN(bridge.StateOf(referrer).Str("policyArn")); attached != nil {
				policies.Identity = append(policies.Identity, r.policiesIn(attached)...)
			}
		}
	}
	if boundary := r.byARN(bridge.StateOf(role).Str("permissionsBoundary")); boundary != nil {
		policies.Boundary = &r.policiesIn(boundary)[0]
	}
	return policies
}

func (r *reader) referrers(to *world.Thing) []*world.Thing {
	referrers, err := r.tx.Referrers(to)
	r.note(err)
	var things []*world.Thing
	for _, referrer := range referrers {
		things = append(things, referrer.Thing)
	}
	return things
}

// documents are the properties that hold policies, by the types that have them.
var documents = map[string]string{
	token.Role:             "assumeRolePolicy",
	token.RolePolicy:       "policy",
	token.Policy:           "policy",
	token.Key:              "policy",
	token.KeyPolicy:        "policy",
	token.ReplicaKey:       "policy",
	token.TopicPolicy:      "policy",
	token.QueuePolicy:      "policy",
	token.BucketPolicy:     "policy",
	token.RepositoryPolicy: "policy",
	token.FileSystemPolicy: "policy",
	token.SecretPolicy:     "policy",
	token.VaultPolicy:      "policy",
	logResourcePolicy:      "policyDocument",
}

const logResourcePolicy = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"

// policiesIn returns the policies that a thing is, and none for what is no policy.
func (r *reader) policiesIn(thing *world.Thing) []authorization.Policy {
	name := fmt.Sprintf("%s %s", thing.Type, thing.ID)
	if thing.Type == token.Permission {
		return []authorization.Policy{permission(name, bridge.StateOf(thing))}
	}
	value, has := bridge.StateOf(thing).At(documents[thing.Type])
	if documents[thing.Type] == "" || !has {
		return nil
	}
	policy, err := authorization.Parse(name, values.Document(value))
	r.note(err)
	return []authorization.Policy{policy}
}

// permission writes a permission of a function as the statement that Lambda makes of it.
func permission(name string, p values.View) authorization.Policy {
	statement := authorization.Statement{
		Sid:        p.Str("statementId"),
		Allow:      true,
		Actions:    []string{p.Str("action")},
		Principals: []authorization.Principal{{Type: "Service", Value: p.Str("principal")}},
	}
	for key, property := range map[string]string{
		"aws:SourceArn": "sourceArn", "aws:SourceAccount": "sourceAccount",
	} {
		if value := p.Str(property); value != "" {
			statement.Conditions = append(
				statement.Conditions,
				authorization.Condition{Operator: "ArnLike", Key: key, Values: []string{value}},
			)
		}
	}
	return authorization.Policy{Name: name, Statements: []authorization.Statement{statement}}
}

// attached says which type holds the policies of a type's things, and by which property it names them.
var attached = map[string]struct{ policy, property string }{
	token.Topic:      {token.TopicPolicy, "arn"},
	token.Queue:      {token.QueuePolicy, "queueUrl"},
	token.Bucket:     {token.BucketPolicy, "bucket"},
	token.Repository: {token.RepositoryPolicy, "repository"},
	token.FileSystem: {token.FileSystemPolicy, "fileSystemId"},
	token.Secret:     {token.SecretPolicy, "secretArn"},
	token.Vault:      {token.VaultPolicy, "backupVaultName"},
	token.Function:   {token.Permission, "function"},
	token.Key:        {token.KeyPolicy, "keyId"},
}

// policiesOf returns the policies of the resource with the ARN.
func (r *reader) policiesOf(arn string) []authorization.Policy {
	if strings.Contains(arn, ":log-group:") {
		return r.logPolicies(arn)
	}
	if strings.Contains(arn, ":s3:::") {
		arn, _, _ = strings.Cut(arn, "/")
	}
	thing := r.byARN(arn)
	if thing == nil {
		return nil
	}
	policies := r.policiesIn(thing)
	if held, ok := attached[thing.Type]; ok {
		for _, policy := range r.satellites(thing.Region, held.policy, held.property, thing.ID, thing.ARN, thing.Name) {
			policies = append(policies, r.policiesIn(policy)...)
		}
	}
	return policies
}

// logPolicies returns the policies for log groups, which belong to the account and region.
func (r *reader) logPolicies(arn string) []authorization.Policy {
	var policies []authorization.Policy
	for _, policy := range r.many(r.tx.OfType(strings.Split(arn, ":")[3], logResourcePolicy)) {
		policies = append(policies, r.policiesIn(policy)...)
	}
	return policies
}
