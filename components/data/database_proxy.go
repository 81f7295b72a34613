package data

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
)

// DatabaseProxy describes an RDS Proxy, which shares connections between clients and keeps them through a failover. It
// listens on the database's port, to TLS only, for the users in [DatabaseArgs.Users], who sign in by IAM. The proxy
// itself signs in to the database with a password, which it reads from a secret for each user; see
// [DatabaseArgs.UserSecretName].
type DatabaseProxy struct {
	// SubnetIds are by default the database's. The proxy keeps those that it was made with: RDS cannot change them, and
	// another proxy would have another endpoint.
	SubnetIds pulumi.StringArrayInput
	// SecurityGroupIds are of the proxy; the database's group has to let it in.
	SecurityGroupIds pulumi.StringArrayInput
	// IdleClientTimeout is after how many seconds a client that is silent is let go, 1 to 28800. Default: 1800.
	IdleClientTimeout int
	// MaxConnectionsPercent is the proxy's part of the connections that the database allows, 1 to 100. Default: 90, so
	// that people can still get in.
	MaxConnectionsPercent int
}

func (proxy *DatabaseProxy) withDefaults(args *DatabaseArgs) *DatabaseProxy {
	full := *proxy
	if full.SubnetIds == nil {
		full.SubnetIds = args.SubnetIds
	}
	full.IdleClientTimeout = cmp.Or(full.IdleClientTimeout, 1800)
	full.MaxConnectionsPercent = cmp.Or(full.MaxConnectionsPercent, 90)
	return &full
}

// maxProxyUsers is how many secrets a proxy reads ("Quotas and limitations for RDS Proxy", RDS user guide).
const maxProxyUsers = 200

func (proxy *DatabaseProxy) validate(args *DatabaseArgs, problems *databaseProblems) {
	if proxy.SecurityGroupIds == nil {
		problems.add("Proxy.SecurityGroupIds", "it is missing; without one the VPC's default group would be used")
	}
	if len(args.Users) == 0 || len(args.Users) > maxProxyUsers {
		problems.add("Users", "%d users; a proxy is for 1 to %d", len(args.Users), maxProxyUsers)
	}
	for i, user := range args.Users {
		problems.problems.add(grammar.DatabaseUser.Check(fmt.Sprintf("Users[%d]", i), user))
	}
	problems.between("Proxy.IdleClientTimeout", proxy.IdleClientTimeout, 1, 28800, " seconds")
	problems.between("Proxy.MaxConnectionsPercent", proxy.MaxConnectionsPercent, 1, 100, "")
}

// proxyRole lets RDS Proxy read the secrets that it opens connections with, and no others.
func (args *DatabaseArgs) proxyRole() *identity.RoleArgs {
	return &identity.RoleArgs{
		Name:                args.Identifier + "-proxy",
		Path:                args.RolePath,
		Description:         "Lets RDS Proxy read the secrets of the users",
		Trust:               identity.AccountTrust("rds.amazonaws.com", args.Location.AccountId),
		Policies:            map[string]identity.Document{"read": {Statements: args.readUserSecrets()}},
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
	}
}

func (db *Database) newProxy(ctx *pulumi.Context) error {
	if db.args.Proxy == nil {
		return nil
	}
	role, err := identity.NewRole(ctx, db.name+"-proxy-role", db.args.proxyRole(), pulumi.Parent(db))
	if err != nil {
		return err
	}
	logs, err := db.newLogGroup(ctx, db.name+"-proxy-log", "/aws/rds/proxy/"+db.Identifier)
	if err != nil {
		return err
	}
	auths, err := db.newUserSecrets(ctx)
	if err != nil {
		return err
	}
	proxy, err := rds.NewProxy(ctx, db.name+"-proxy", &rds.ProxyArgs{
		Name:                pulumi.String(db.Identifier),
		EngineFamily:        pulumi.String(db.flavor.proxyFamily),
		RoleArn:             role.Arn,
		Auths:               auths,
		RequireTls:          pulumi.Bool(true),
		IdleClientTimeout:   pulumi.Int(db.args.Proxy.IdleClientTimeout),
		VpcSubnetIds:        db.args.Proxy.SubnetIds,
		VpcSecurityGroupIds: db.args.Proxy.SecurityGroupIds,
		Tags:                pulumi.ToStringMap(db.args.Tags),
	}, pulumi.Parent(db), pulumi.DependsOn([]pulumi.Resource{logs}), pulumi.IgnoreChanges([]string{"vpcSubnetIds"}))
	if err != nil {
		return fmt.Errorf("creating proxy %q: %w", db.Identifier, err)
	}
	db.SignInIds = map[DatabaseSignIn]pulumi.StringOutput{ToProxy: proxy.Arn.ApplyT(func(arn string) string {
		return arn[strings.LastIndex(arn, ":")+1:]
	}).(pulumi.StringOutput)}
	return db.newProxyTarget(ctx, proxy)
}

func (db *Database) newProxyTarget(ctx *pulumi.Context, proxy *rds.Proxy) error {
	group, err := rds.NewProxyDefaultTargetGroup(ctx, db.name+"-proxy-target-group", &rds.ProxyDefaultTargetGroupArgs{
		DbProxyName: proxy.Name,
		ConnectionPoolConfig: rds.ProxyDefaultTargetGroupConnectionPoolConfigArgs{
			ConnectionBorrowTimeout:   pulumi.Int(120), // seconds, RDS's default
			MaxConnectionsPercent:     pulumi.Int(db.args.Proxy.MaxConnectionsPercent),
			MaxIdleConnectionsPercent: pulumi.Int(db.args.Proxy.MaxConnectionsPercent / 2),
		},
	}, pulumi.Parent(db))
	if err != nil {
		return fmt.Errorf("configuring the connections of proxy %q: %w", db.Identifier, err)
	}
	args := &rds.ProxyTargetArgs{DbProxyName: proxy.Name, TargetGroupName: group.Name}
	// The target is named as in the arguments and waits for what serves it: a cluster without instances is none, while
	// the replicas of an instance, whose creation takes as long again, are of no use to a proxy.
	needed := db.servers
	if db.args.isCluster() {
		args.DbClusterIdentifier = pulumi.String(db.Identifier)
	} else {
		args.DbInstanceIdentifier = pulumi.String(db.Identifier)
		needed = db.servers[:1]
	}
	target, err := rds.NewProxyTarget(
		ctx,
		db.name+"-proxy-target",
		args,
		pulumi.Parent(db),
		pulumi.DependsOn(needed),
	)
	if err != nil {
		return fmt.Errorf("adding database %q to its proxy: %w", db.Identifier, err)
	}
	db.ProxyEndpoint = databaseOnceMade(proxy.Endpoint, []pulumi.Resource{target})
	return nil
}
