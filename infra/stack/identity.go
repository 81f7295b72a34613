package stack

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

// keys are the customer managed keys of the stack.
type keys struct {
	// data encrypts the database, tables, buckets, file system, images and the storage of tasks; logs the log groups
	// and notifications.
	data, logs *identity.Key
	// copies encrypts what is replicated, in the copy region. It is nil when nothing is.
	copies *identity.Key
	// edge encrypts logs in us-east-1. It is nil without a website.
	edge *identity.Key
}

// roles are a service's: ECS starts its tasks with one, its code acts as the other.
type roles struct {
	execution, task *identity.Role
	// before is what the tasks act as that set up the database for the service. It is nil without any.
	before *identity.Role
}

// encryption makes the keys before anything that they encrypt.
func (l *lab) encryption() (err error) {
	storage := identity.FargateKeyUse(l.location.AccountId, l.clusterName())
	if l.keys.data, err = l.newKey("data", "Data at rest", l.location, l.providers.all, storage...); err != nil {
		return err
	}
	uses := append(monitoring.KeyStatements(l.location, l.publishers()...), identity.LogsKeyUse(l.location))
	if l.keys.logs, err = l.newKey("logs", "Logs and notifications", l.location, l.providers.all, uses...); err != nil {
		return err
	}
	if l.providers.copies != nil {
		if l.keys.copies, err = l.newKey(
			"copies",
			"Copies of data",
			l.placeIn(l.config.CopyRegion),
			pulumi.Provider(l.providers.copies),
		); err != nil {
			return err
		}
	}
	if l.providers.edge != nil {
		edge := l.placeIn(edgeRegion)
		l.keys.edge, err = l.newKey(
			"edge-logs",
			"Logs and notifications of what CloudFront needs here",
			edge,
			pulumi.Provider(l.providers.edge),
			append(monitoring.KeyStatements(edge, edgePublishers...), identity.LogsKeyUse(edge))...)
	}
	return err
}

func (l *lab) newKey(
	name, description string,
	location identity.Location,
	provider pulumi.ResourceOption,
	uses ...identity.Statement,
) (*identity.Key, error) {
	return identity.NewKey(l.Context, name, &identity.KeyArgs{
		Location:    location,
		Alias:       "alias/" + l.name(name),
		Description: description,
		Statements:  uses,
		Retained:    name == "data" && l.snapshots() != "",
		Tags:        l.tags,
	}, provider)
}

func (l *lab) identity() (err error) {
	l.roles = map[string]roles{}
	for _, s := range l.config.Services {
		if l.roles[s.Name], err = l.rolesOf(s); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) rolesOf(s config.Service) (roles, error) {
	repositories, err := l.repositories(s)
	if err != nil {
		return roles{}, err
	}
	cached, err := l.cachedRepositories(s)
	if err != nil {
		return roles{}, err
	}
	execution, err := identity.NewExecutionRole(l.Context, s.Name+"-execution", &identity.ExecutionRoleArgs{
		RoleSettings:       l.role(s.Name, "execution"),
		Location:           l.location,
		Repositories:       repositories,
		CachedRepositories: cached,
		LogGroups:          []string{l.logGroup(s)},
		Secrets:            l.secretsOf(s),
	}, l.providers.all)
	if err != nil {
		return roles{}, err
	}
	settings, access := l.role(s.Name, "task"), l.accessOf(s)
	settings.LateTags, access.SignIn = l.signInOf(s)
	task, err := identity.NewTaskRole(l.Context, s.Name+"-task", &identity.TaskRoleArgs{
		RoleSettings:    settings,
		Location:        l.location,
		Access:          access,
		Exec:            l.execOf(s),
		Tracing:         l.config.Monitoring.Tracing,
		MetricsLogGroup: l.metricsLogGroup(s),
	}, l.providers.all)
	if err != nil || !s.SetsUpDatabase() {
		return roles{execution: execution, task: task}, err
	}
	access = l.accessOf(s)
	access.Database = &identity.DatabaseSetup{
		Identifier:     l.databaseName(),
		Cluster:        l.config.Database.Kind != string(data.DatabaseInstance),
		SecretName:     l.databaseArgs().SecretName(),
		UserSecretName: l.databaseUserSecret(s),
		KeyAlias:       l.keys.data.Alias,
	}
	before, err := identity.NewTaskRole(l.Context, s.Name+"-before", &identity.TaskRoleArgs{
		RoleSettings:    l.role(s.Name, "before"),
		Location:        l.location,
		Access:          access,
		Tracing:         l.config.Monitoring.Tracing,
		MetricsLogGroup: l.metricsLogGroup(s),
	}, l.providers.all)
	return roles{execution, task, before}, err
}

// signInOf returns the tags of a service's role that say what its code signs in to, and the permission to. A role keeps
// the tags of what the code does not sign in to any more: the tasks that still run do.
func (l *lab) signInOf(s config.Service) (map[string]pulumi.StringInput, *identity.DatabaseSignIn) {
	tags := map[string]pulumi.StringInput{}
	for _, to := range []data.DatabaseSignIn{data.ToDatabase, data.ToReader, data.ToProxy} {
		tags[string(to)] = nil
	}
	if !s.Access.Database {
		return tags, nil
	}
	signIn := &identity.DatabaseSignIn{User: names.DatabaseUser(s.Name)}
	for _, to := range slices.Sorted(maps.Keys(l.database.SignInIds)) {
		tags[string(to)] = l.database.SignInIds[to]
		signIn.IdTags = append(signIn.IdTags, string(to))
	}
	return tags, signIn
}

// metricsLogGroup returns the one that the collectors of a service write metrics to, which are there with tracing.
func (l *lab) metricsLogGroup(s config.Service) string {
	if !l.config.Monitoring.Tracing {
		return ""
	}
	return compute.MetricsLogGroup(l.logGroup(s))
}

// execOf returns how the cluster keeps sessions, for a service in whose tasks people may open a shell.
func (l *lab) execOf(s config.Service) *identity.Exec {
	if !s.Exec {
		return nil
	}
	return &identity.Exec{SessionLogGroup: l.sessionLogGroup(), KeyAlias: l.keys.data.Alias}
}

func (l *lab) role(parts ...string) identity.RoleSettings {
	return identity.RoleSettings{
		Name:                l.name(parts...),
		PermissionsBoundary: l.config.PermissionsBoundary,
		Tags:                l.tags,
	}
}

// cachedRepositories returns those that ECR fills when the service's image is first pulled.
func (l *lab) cachedRepositories(s config.Service) ([]string, error) {
	image, registry, err := l.cached(s.Image.URI)
	if s.Image.URI == "" || registry == "" {
		return nil, nil
	}
	return []string{image.Repository}, err
}

// repositories returns those in ECR that the service's image comes from, so that its execution role may pull from them.
func (l *lab) repositories(s config.Service) ([]string, error) {
	if s.Image.URI == "" {
		return []string{l.name(s.Name)}, nil
	}
	account, _, repository, inECR := s.Image.ECR()
	if !inECR {
		return nil, nil
	}
	if account != l.location.AccountId {
		i := slices.IndexFunc(l.config.Services, func(other config.Service) bool { return other.Name == s.Name })
		return nil, &config.Error{Problems: []config.Problem{{
			Path: fmt.Sprintf("%s:services[%d].image.uri", l.Project(), i),
			Message: fmt.Sprintf("%s is in account %s, the stack in %s; copy the image to the stack's account",
				s.Image.URI, account, l.location.AccountId),
		}}}
	}
	return []string{repository}, nil
}

// secretsOf returns what ECS reads when it starts the service's tasks.
func (l *lab) secretsOf(s config.Service) []identity.Secret {
	var secrets []identity.Secret
	for _, variable := range slices.Sorted(maps.Keys(s.Secrets)) {
		secret := s.Secrets[variable]
		secrets = append(
			secrets,
			identity.Secret{Name: secret.Name, Parameter: secret.Parameter, KeyAlias: secret.KeyAlias},
		)
	}
	var parameters []string
	if s.Access.Database {
		parameters = slices.Collect(maps.Values(l.databaseParameters()))
	}
	if s.SetsUpDatabase() {
		parameters = slices.AppendSeq(parameters, maps.Values(l.setupParameters()))
	}
	slices.Sort(parameters)
	for _, parameter := range slices.Compact(parameters) {
		secrets = append(secrets, identity.Secret{Parameter: parameter})
	}
	return secrets
}

// accessOf returns what the service's code may reach: things of the stack by the names they have in AWS.
func (l *lab) accessOf(s config.Service) identity.Access {
	access := identity.Access{
		Tables:  l.grants(s.Access.Tables, l.tableName),
		Buckets: l.grants(s.Access.Buckets, l.bucketName),
	}
	for _, q := range s.Access.Queues {
		access.Queues = append(
			access.Queues,
			identity.Grant{Name: q.Name, Mode: identity.Mode(q.Mode), KeyAlias: q.KeyAlias},
		)
	}
	for _, name := range s.Access.Topics {
		access.Topics = append(
			access.Topics,
			identity.Grant{Name: l.topicName(name), Mode: identity.Write, KeyAlias: l.keys.data.Alias},
		)
	}
	return access
}

func (l *lab) grants(configured []config.Grant, name func(string) string) []identity.Grant {
	grants := make([]identity.Grant, len(configured))
	for i, g := range configured {
		grants[i] = identity.Grant{
			Name:     name(g.Name),
			Mode:     identity.Mode(g.Mode),
			Indexed:  l.indexed(g.Name),
			KeyAlias: l.keys.data.Alias,
		}
	}
	return grants
}

// indexed reports whether there is a table of the name that has indexes.
func (l *lab) indexed(name string) bool {
	return slices.ContainsFunc(l.config.Tables, func(t config.Table) bool {
		return t.Name == name && len(t.Indexes) > 0
	})
}
