package data

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/components/identity"
)

func smallBucket() *BucketArgs {
	return &BucketArgs{Location: databaseLocation, Name: "awslab-dev-invoices", Tags: databaseTags}
}

func fullBucket(there pulumi.ProviderResource) *BucketArgs {
	args := smallBucket()
	args.KmsKeyArn, args.KeyAlias = pulumi.String("arn:key"), "alias/data"
	args.Transitions = []Transition{{30, "STANDARD_IA"}, {90, "GLACIER"}}
	args.ExpireDays, args.OldVersionDays = 365, 60
	args.ObjectLock = &ObjectLock{Mode: "GOVERNANCE", Days: 7}
	args.LogBucket, args.DeletionProtection, args.PermissionsBoundary = pulumi.String(
		"logs",
	), true, "arn:aws:iam::123456789012:policy/boundary"
	args.Statements = []identity.Statement{{
		Sid: "Exports", Actions: []string{"s3:PutObject"}, Resources: []string{"arn:aws:s3:::awslab-dev-invoices/*"},
		Principals: []identity.Principal{{Type: "Service", Values: []string{"export.rds.amazonaws.com"}}},
		Conditions: []identity.Condition{
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{"123456789012"}},
		},
	}}
	args.Copy = &BucketCopy{
		Location:  copyLocation,
		Provider:  there,
		Name:      "awslab-dev-invoices-copy",
		KmsKeyArn: pulumi.String("arn:copy-key"),
		KeyAlias:  "alias/data-copy",
		LogBucket: pulumi.String("logs-there"),
	}
	return args
}

// registerBucket registers a full bucket with a change.
func registerBucket(t *testing.T, change func(*BucketArgs), checks ...func(*Bucket)) (*storeGraph, error) {
	t.Helper()
	return store(t, func(ctx *pulumi.Context, there pulumi.ProviderResource) error {
		args := fullBucket(there)
		change(args)
		bucket, err := NewBucket(ctx, "invoices", args)
		if err != nil {
			return err
		}
		for _, check := range checks {
			check(bucket)
		}
		return nil
	})
}

func TestBuckets(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*BucketArgs)
		copied string
	}{
		"bucket-small": {func(a *BucketArgs) { *a = *smallBucket() }, ""},
		"bucket-full":  {func(*BucketArgs) {}, "awslab-dev-invoices-copy"},
	} {
		g, err := registerBucket(t, test.change, func(bucket *Bucket) {
			require.Equal(t, "awslab-dev-invoices", bucket.Name)
			require.Equal(t, "awslab-dev-invoices", databaseValue(t, bucket.BucketName))
			require.Equal(t, "arn of invoices-bucket", databaseValue(t, bucket.Arn))
			require.Equal(t, "bucketDomainName of invoices-bucket", databaseValue(t, bucket.DomainName))
			require.Equal(t, "bucketRegionalDomainName of invoices-bucket", databaseValue(t, bucket.RegionalDomainName))
			require.Equal(t, test.copied, databaseValue(t, bucket.CopyName))
		})
		require.NoError(t, err)
		g.requireGolden(t, name)
		g.requireFamily(t, "invoices")
	}
}

// What is written before the bucket is encrypted, closed and versioned stays as it was written.
func TestNothingUsesABucketBeforeItIsProtected(t *testing.T) {
	g, err := registerBucket(t, func(*BucketArgs) {})
	require.NoError(t, err)
	dependencies := strings.Join(g.resources["invoices-replication"].RegisterRPC.GetDependencies(), "\n")
	for _, protection := range []string{"private", "ownership", "versioning", "lock", "encryption", "policy"} {
		require.Contains(t, dependencies, "::invoices-copy-"+protection)
	}
	require.Contains(t, dependencies, "::invoices-versioning", "which S3 does not let go of before the replication")
}

func TestTheCopyIsInTheOtherRegion(t *testing.T) {
	g, err := registerBucket(t, func(*BucketArgs) {})
	require.NoError(t, err)
	for name, r := range g.resources {
		if r.Custom && !strings.HasPrefix(r.TypeToken, "pulumi:") {
			require.Equal(
				t,
				strings.HasPrefix(name, "invoices-copy-"),
				strings.Contains(r.Provider, "::there::"),
				"%s is made by %q",
				name,
				r.Provider,
			)
		}
	}
}

func TestDeletionProtectionIsForTheBucketAndItsCopyAlone(t *testing.T) {
	g, err := registerBucket(t, func(*BucketArgs) {})
	require.NoError(t, err)
	var protected []string
	for name, r := range g.resources {
		if r.RegisterRPC.GetProtect() {
			protected = append(protected, name)
		}
	}
	require.ElementsMatch(t, []string{"invoices-bucket", "invoices-copy-bucket"}, protected)
}

func TestRequestsToABucketAreCountedWhenAskedTo(t *testing.T) {
	g, err := registerBucket(t, func(a *BucketArgs) { a.RequestMetrics = true })
	require.NoError(t, err)
	require.Equal(t, "EntireBucket", g.inputs(t, "invoices-requests")["name"])
	require.NotContains(t, g.inputs(t, "invoices-requests"), "filter")
	g, err = registerBucket(t, func(*BucketArgs) {})
	require.NoError(t, err)
	require.NotContains(t, g.resources, "invoices-requests")
}

func TestACopyWithoutKeysNeedsNone(t *testing.T) {
	g, err := registerBucket(t, func(a *BucketArgs) {
		a.KmsKeyArn, a.KeyAlias, a.Copy.KmsKeyArn, a.Copy.KeyAlias, a.ObjectLock = nil, "", nil, "", nil
	})
	require.NoError(t, err)
	rule := g.inputs(t, "invoices-replication")["rules"].([]any)[0].(map[string]any)
	require.NotContains(t, rule, "sourceSelectionCriteria")
	require.NotContains(t, rule["destination"], "encryptionConfiguration")
	require.NotContains(t, g.inputs(t, "invoices-replicator-replicate")["policy"], "kms:")
	require.NotContains(t, g.inputs(t, "invoices-replicator-replicate")["policy"], "Retention")
}

func TestBucketsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*BucketArgs)
		want   []string
	}{
		"nothing given": {
			func(a *BucketArgs) { *a = BucketArgs{} },
			[]string{"Location.Region", `Name: ""; use 3 to 63`},
		},
		"capitals": {
			func(a *BucketArgs) { a.Name = "Invoices" },
			[]string{`Name: "Invoices"; use 3 to 63 lower-case letters`},
		},
		"dots": {
			func(a *BucketArgs) { a.Name = "invoices.example.com" },
			[]string{`Name: "invoices.example.com"`},
		},
		"key without name": {
			func(a *BucketArgs) { a.KeyAlias = "" },
			[]string{"KeyAlias: give both KmsKeyArn and KeyAlias, or neither"},
		},
		"no alias": {func(a *BucketArgs) { a.KeyAlias = "data" }, []string{`KeyAlias: "data" is not an alias`}},
		"statement": {
			func(a *BucketArgs) { a.Statements[0].Actions = []string{"s3:*"} },
			[]string{`Statements: Statements[0] (Exports).Actions: "s3:*" has a wildcard`},
		},
		"lock": {
			func(a *BucketArgs) { a.ObjectLock = &ObjectLock{"FOREVER", 0} },
			[]string{`ObjectLock.Mode: "FOREVER"; use GOVERNANCE or COMPLIANCE`, "ObjectLock.Days: 0; use 1 to"},
		},
		"force": {func(a *BucketArgs) { a.ForceDestroy = true },
			[]string{
				"ForceDestroy: it is true, and ObjectLock keeps the objects",
				"ForceDestroy: it is true, and so is DeletionProtection",
			}},
		"negative ages": {
			func(a *BucketArgs) { a.ExpireDays, a.OldVersionDays = -1, -1 },
			[]string{"ExpireDays: -1; use 1 to", "OldVersionDays: -1; use 1 to"},
		},
		"storage class": {
			func(a *BucketArgs) { a.Transitions[0].StorageClass = "ICE" },
			[]string{`Transitions[0].StorageClass: "ICE"; use one of [STANDARD_IA`},
		},
		"too soon for IA": {
			func(a *BucketArgs) { a.Transitions[0].Days = 29 },
			[]string{"Transitions[0].Days: 29; use 30 to"},
		},
		"too soon for Glacier": {func(a *BucketArgs) { a.Transitions[1].Days = 59 },
			[]string{"Transitions[1].Days: 59; use 60 to"}},
		"back to warm": {
			func(a *BucketArgs) { a.Transitions[1].StorageClass = "STANDARD_IA" },
			[]string{"Transitions[1].StorageClass: STANDARD_IA after STANDARD_IA; objects only move in the order"},
		},
		"expire too soon": {
			func(a *BucketArgs) { a.ExpireDays = 90 },
			[]string{"ExpireDays: 90; objects move to GLACIER at 90 days"},
		},
		"copy": {func(a *BucketArgs) { a.Copy = &BucketCopy{Location: databaseLocation, Name: a.Name} },
			[]string{
				`Copy.Location.Region: "eu-west-1" is the bucket's own`,
				"Copy.Provider: it is missing",
				`Copy.Name: "awslab-dev-invoices" is the bucket's own`,
				"Copy.KmsKeyArn: give a key to the bucket and to its copy",
			}},
		"copy's name": {func(a *BucketArgs) { a.Copy.Name = "-" }, []string{`Copy.Name: "-"; use 3 to 63`}},
		"copy's place": {
			func(a *BucketArgs) { a.Copy.Location.AccountId = "me" },
			[]string{`Copy.Location.AccountId: "me"`},
		},
		"copy's alias": {func(a *BucketArgs) { a.Copy.KeyAlias = "" }, []string{"Copy.KeyAlias: give both"}},
		"role's name": {
			func(a *BucketArgs) { a.Name = strings.Repeat("a", 60) },
			[]string{"Copy.RoleName: ", "has 72 characters; IAM allows 64"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := registerBucket(t, test.change)
			requireProblems(t, g, err, test.want)
		})
	}
}

func TestChangesThatReplaceABucketAreTheDocumentedOnes(t *testing.T) {
	requireDocumented(t, "bucket.go", map[string]func(*BucketArgs){
		"Name":           func(a *BucketArgs) { a.Name = "other" },
		"KmsKeyArn":      func(a *BucketArgs) { a.KmsKeyArn = pulumi.String("arn:other") },
		"KeyAlias":       func(a *BucketArgs) { a.KeyAlias = "alias/other" },
		"Transitions":    func(a *BucketArgs) { a.Transitions = nil },
		"ExpireDays":     func(a *BucketArgs) { a.ExpireDays = 0 },
		"OldVersionDays": func(a *BucketArgs) { a.OldVersionDays = 0 },
		"ObjectLock":     func(a *BucketArgs) { a.ObjectLock = nil },
		"LogBucket":      func(a *BucketArgs) { a.LogBucket = nil },
		"RequestMetrics": func(a *BucketArgs) { a.RequestMetrics = true },
		"Statements":     func(a *BucketArgs) { a.Statements = nil },
		"ForceDestroy": func(a *BucketArgs) {
			a.ForceDestroy, a.ObjectLock, a.DeletionProtection = true, nil, false
		},
		"DeletionProtection":  func(a *BucketArgs) { a.DeletionProtection = false },
		"PermissionsBoundary": func(a *BucketArgs) { a.PermissionsBoundary = "" },
		"Tags":                func(a *BucketArgs) { a.Tags = nil },
	}, func(change func(*BucketArgs)) *storeGraph {
		g, err := registerBucket(t, change)
		require.NoError(t, err)
		return g
	}, "Location", "Copy")
}

// S3 refuses lifecycles in which an object would move back, or too soon, or after its end.
func TestObjectsOnlyGetColder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := &BucketArgs{OldVersionDays: 1}
		for range rapid.IntRange(0, 4).Draw(t, "transitions") {
			args.Transitions = append(args.Transitions, Transition{
				Days:         rapid.IntRange(-1, 120).Draw(t, "days"),
				StorageClass: rapid.SampledFrom(storageClasses).Draw(t, "class"),
			})
		}
		args.ExpireDays = rapid.IntRange(0, 150).Draw(t, "expire")
		p := &problems{}
		args.validateAges(p)
		require.Equal(t, s3Accepts(args), p.join() == nil, "%+v: %v", args, p.join())
	})
}

// s3Accepts is the rule as the S3 user guide puts it, for each pair of steps in an object's life.
func s3Accepts(args *BucketArgs) bool {
	rank := func(class string) int { return strings.Index(strings.Join(storageClasses, " ")+" ", class+" ") }
	for i, step := range args.Transitions {
		if step.Days < 0 || strings.HasSuffix(step.StorageClass, "_IA") && step.Days < 30 {
			return false
		}
		for _, earlier := range args.Transitions[:i] {
			if earlier.Days >= step.Days || rank(earlier.StorageClass) >= rank(step.StorageClass) {
				return false
			}
			if strings.HasSuffix(earlier.StorageClass, "_IA") && step.Days < earlier.Days+30 {
				return false
			}
		}
		if args.ExpireDays > 0 && args.ExpireDays <= step.Days {
			return false
		}
	}
	return true
}

func registerLogBucket(t *testing.T, args *LogBucketArgs) (*storeGraph, error) {
	t.Helper()
	return store(t, func(ctx *pulumi.Context, _ pulumi.ProviderResource) error {
		_, err := NewLogBucket(ctx, "logs", args)
		return err
	})
}

func TestLogBuckets(t *testing.T) {
	for name, edge := range map[string]bool{"bucket-logs": false, "bucket-logs-cloudfront": true} {
		g, err := registerLogBucket(
			t,
			&LogBucketArgs{
				Location:      databaseLocation,
				Name:          "awslab-dev-logs",
				LoadBalancers: []string{"awslab-dev-alb"},
				CloudFront:    edge,
				Tags:          databaseTags,
			},
		)
		require.NoError(t, err)
		g.requireGolden(t, name)
		g.requireFamily(t, "logs")
	}
}

func TestLogBucketsThatAreRefused(t *testing.T) {
	g, err := registerLogBucket(
		t,
		&LogBucketArgs{
			Location:           databaseLocation,
			Name:               "Logs",
			ExpireDays:         -1,
			ForceDestroy:       true,
			DeletionProtection: true,
		},
	)
	requireProblems(
		t,
		g,
		err,
		[]string{`Name: "Logs"`, "ExpireDays: -1; use 1 to", "ForceDestroy: it is true, and so is DeletionProtection"},
	)
	g, err = registerLogBucket(t, nil)
	requireProblems(t, g, err, []string{`log bucket "logs": Location.Partition`})
}
