package data

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

func smallFileSystem() *FileSystemArgs {
	return &FileSystemArgs{
		Location:     databaseLocation,
		Name:         "awslab-dev-files",
		VpcId:        pulumi.String("vpc"),
		SubnetIds:    pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}),
		AccessPoints: map[string]AccessPoint{"orders": {Path: "/orders"}},
		Tags:         databaseTags,
	}
}

func fullFileSystem(there pulumi.ProviderResource) *FileSystemArgs {
	args := smallFileSystem()
	args.AccessPoints = map[string]AccessPoint{
		"orders":   {Path: "/orders"},
		"invoices": {Path: "/shared/invoices", Uid: 1000, Gid: 2000, Permissions: "0770"},
	}
	args.KmsKeyArn, args.InfrequentAccessDays, args.ArchiveDays = pulumi.String("arn:key"), 1, 90
	args.NoAutomaticBackups, args.DeletionProtection = true, true
	args.Clients = []FileSystemClient{
		{RoleArn: "arn:aws:iam::123456789012:role/orders", Role: there, Mode: identity.ReadWrite},
		{RoleArn: "arn:aws:iam::123456789012:role/invoices", Role: there, Mode: identity.Read},
	}
	args.Copy = &FileSystemCopy{Location: copyLocation, Provider: there, KmsKeyArn: pulumi.String("arn:copy-key")}
	return args
}

// registerFileSystem registers a full file system with a change.
func registerFileSystem(t *testing.T, change func(*FileSystemArgs), checks ...func(*FileSystem)) (*storeGraph, error) {
	t.Helper()
	return store(t, func(ctx *pulumi.Context, there pulumi.ProviderResource) error {
		args := fullFileSystem(there)
		change(args)
		files, err := NewFileSystem(ctx, "files", args)
		if err != nil {
			return err
		}
		for _, check := range checks {
			check(files)
		}
		return nil
	})
}

func TestFileSystems(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*FileSystemArgs)
		copied string
	}{
		"filesystem-small": {func(a *FileSystemArgs) { *a = *smallFileSystem() }, ""},
		"filesystem-full":  {func(*FileSystemArgs) {}, "files-copy-files-id"},
	} {
		g, err := registerFileSystem(t, test.change, func(files *FileSystem) {
			require.Equal(t, "awslab-dev-files", files.Name)
			require.Equal(t, "files-files-id", databaseValue(t, files.FileSystemId))
			require.Equal(t, "arn of files-files", databaseValue(t, files.Arn))
			require.Equal(t, "files-nfs-group-id", databaseValue(t, files.SecurityGroupId))
			require.Equal(
				t,
				"files-orders-access-point-id",
				databaseValue(t, files.AccessPointIds.MapIndex(pulumi.String("orders"))),
			)
			require.Equal(t, test.copied, databaseValue(t, files.CopyId))
		})
		require.NoError(t, err)
		g.requireGolden(t, name)
		g.requireFamily(t, "files")
	}
}

func TestAFileSystemIsTaggedWithItsName(t *testing.T) {
	g, err := registerFileSystem(t, func(*FileSystemArgs) {})
	require.NoError(t, err)
	for _, name := range []string{"files-files", "files-copy-files"} {
		require.Equal(
			t,
			map[string]any{"Name": "awslab-dev-files", "stack": "dev"},
			g.inputs(t, name)["tags"],
		)
	}
	require.Equal(t, map[string]string{"stack": "dev"}, databaseTags, "the caller's tags are not changed")
}

func TestAFileSystemWithoutTagsHasItsName(t *testing.T) {
	g, err := registerFileSystem(t, func(a *FileSystemArgs) { a.Tags = nil })
	require.NoError(t, err)
	require.Equal(
		t,
		map[string]any{"Name": "awslab-dev-files"},
		g.inputs(t, "files-files")["tags"],
	)
	require.Equal(
		t,
		map[string]any{"Name": "awslab-dev-files-orders"},
		g.inputs(t, "files-orders-access-point")["tags"],
	)
}

func TestDeletionProtectionIsForTheFilesAlone(t *testing.T) {
	g, err := registerFileSystem(t, func(*FileSystemArgs) {})
	require.NoError(t, err)
	for name, r := range g.resources {
		require.Equal(t, name == "files-files" || name == "files-copy-files", r.RegisterRPC.GetProtect(), name)
	}
}

// EFS shows another protection of what it replicates to, and would refuse to have it changed.
func TestUpdatesLeaveTheProtectionOfTheCopyAlone(t *testing.T) {
	g, err := registerFileSystem(t, func(args *FileSystemArgs) { args.Name = replicatedFiles })
	require.NoError(t, err)
	require.NotContains(t, g.inputs(t, "files-copy-files"), "protection")
	first, err := registerFileSystem(t, func(*FileSystemArgs) {})
	require.NoError(t, err)
	require.Equal(
		t,
		map[string]any{"replicationOverwrite": "DISABLED"},
		first.inputs(t, "files-copy-files")["protection"],
		"one that is not there yet has to let itself be overwritten",
	)
	require.Empty(t, g.resources["files-copy-files"].RegisterRPC.GetIgnoreChanges())
	require.Equal(t, []string{"protection"}, first.resources["files-copy-files"].RegisterRPC.GetIgnoreChanges(),
		"the replication changes it")
	require.Contains(t, g.resources["files-copy-files"].Provider, "::there::")
	require.NotContains(
		t,
		g.resources["files-replication"].Provider,
		"::there::",
		"the replication belongs to its source",
	)
}

func TestEachZoneHasAMountTarget(t *testing.T) {
	for zones := 1; zones <= 4; zones++ {
		var subnets pulumi.StringArray
		for zone := range zones {
			subnets = append(subnets, pulumi.Sprintf("subnet-%d", zone+1))
		}
		g, err := registerFileSystem(t, func(a *FileSystemArgs) { a.SubnetIds = subnets })
		require.NoError(t, err)
		for zone := range zones {
			target := g.inputs(t, fmt.Sprintf("files-mount-%d", zone+1))
			require.Equal(t, fmt.Sprintf("subnet-%d", zone+1), target["subnetId"])
			require.Equal(t, []any{"files-nfs-group-id"}, target["securityGroups"])
		}
		require.NotContains(t, g.resources, fmt.Sprintf("files-mount-%d", zones+1))
	}
}

func TestFileSystemsThatAreRefused(t *testing.T) {
	point := func(change func(*AccessPoint)) func(*FileSystemArgs) {
		return func(a *FileSystemArgs) {
			made := a.AccessPoints["orders"]
			change(&made)
			a.AccessPoints["orders"] = made
		}
	}
	for name, test := range map[string]struct {
		change func(*FileSystemArgs)
		want   []string
	}{
		"nothing given": {func(a *FileSystemArgs) { *a = FileSystemArgs{} },
			[]string{
				"Location.Region",
				`Name: ""; use 1 to 128`,
				"VpcId: it is missing",
				"SubnetIds: it is missing",
				"AccessPoints: there is none",
			}},
		"name": {func(a *FileSystemArgs) { a.Name = "a/b" }, []string{`Name: "a/b"; use 1 to 128`}},
		"throughput": {
			func(a *FileSystemArgs) { a.Throughput = "fast" },
			[]string{`Throughput: "fast"; use one of [elastic bursting]`},
		},
		"idle": {
			func(a *FileSystemArgs) { a.InfrequentAccessDays = 2 },
			[]string{"InfrequentAccessDays: 2; use one of [1 7 14"},
		},
		"archive": {
			func(a *FileSystemArgs) { a.ArchiveDays = 2 },
			[]string{"ArchiveDays: 2; use 0 or one of [1 7 14"},
		},
		"archive first": {
			func(a *FileSystemArgs) { a.InfrequentAccessDays = 90 },
			[]string{"ArchiveDays: 90; use more than InfrequentAccessDays, 90"},
		},
		"archive of bursting": {func(a *FileSystemArgs) { a.Throughput = "bursting" },
			[]string{`ArchiveDays: 90, and Throughput is "bursting"; only elastic file systems have an archive`}},
		"access point's name": {
			func(a *FileSystemArgs) { a.AccessPoints["My Orders"] = AccessPoint{Path: "/a"} },
			[]string{`AccessPoints["My Orders"]: use lower-case letters`},
		},
		"root": {
			point(func(p *AccessPoint) { p.Path = "/" }),
			[]string{`AccessPoints["orders"].Path: "/"; use a folder such as /orders`},
		},
		"relative": {
			point(func(p *AccessPoint) { p.Path = "orders" }),
			[]string{`AccessPoints["orders"].Path: "orders"`},
		},
		"unclean": {
			point(func(p *AccessPoint) { p.Path = "/orders/../invoices" }),
			[]string{`AccessPoints["orders"].Path: "/orders/../invoices"`},
		},
		"user": {
			point(func(p *AccessPoint) { p.Uid = -1 }),
			[]string{`AccessPoints["orders"]: user -1 and group 65532; use 1 or more`},
		},
		"permissions": {
			point(func(p *AccessPoint) { p.Permissions = "rwx" }),
			[]string{`AccessPoints["orders"].Permissions: "rwx"; use octal digits`},
		},
		"client": {
			func(a *FileSystemArgs) { a.Clients = []FileSystemClient{{Mode: "all"}} },
			[]string{
				"Clients[0].RoleArn: it is missing; give the role's ARN",
				`Clients[0].Mode: "all"; use read, write or readwrite`,
			},
		},
		"copy": {func(a *FileSystemArgs) { a.Copy = &FileSystemCopy{Location: databaseLocation} },
			[]string{
				`Copy.Location.Region: "eu-west-1" is the file system's own`,
				"Copy.Provider: it is missing",
				"Copy.KmsKeyArn: it is missing",
			}},
		"copy's place": {func(a *FileSystemArgs) { a.Copy.Location.Region = "" }, []string{`Copy.Location.Region: ""`}},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := registerFileSystem(t, test.change)
			requireProblems(t, g, err, test.want)
		})
	}
}

func TestChangesThatReplaceAFileSystemAreTheDocumentedOnes(t *testing.T) {
	requireDocumented(t, "filesystem.go", map[string]func(*FileSystemArgs){
		"Name":      func(a *FileSystemArgs) { a.Name = "other" },
		"VpcId":     func(a *FileSystemArgs) { a.VpcId = pulumi.String("other") },
		"SubnetIds": func(a *FileSystemArgs) { a.SubnetIds = pulumi.ToStringArray([]string{"c", "d"}) },
		"AccessPoints": func(a *FileSystemArgs) {
			a.AccessPoints = map[string]AccessPoint{
				"other": {Path: "/other"},
			}
		},
		"Clients":              func(a *FileSystemArgs) { a.Clients = nil },
		"KmsKeyArn":            func(a *FileSystemArgs) { a.KmsKeyArn = pulumi.String("arn:other") },
		"Throughput":           func(a *FileSystemArgs) { a.Throughput, a.ArchiveDays = "bursting", 0 },
		"InfrequentAccessDays": func(a *FileSystemArgs) { a.InfrequentAccessDays = 0 },
		"ArchiveDays":          func(a *FileSystemArgs) { a.ArchiveDays = 0 },
		"NoAutomaticBackups":   func(a *FileSystemArgs) { a.NoAutomaticBackups = false },
		"DeletionProtection":   func(a *FileSystemArgs) { a.DeletionProtection = false },
		"Tags":                 func(a *FileSystemArgs) { a.Tags = nil },
	}, func(change func(*FileSystemArgs)) *storeGraph {
		g, err := registerFileSystem(t, change)
		require.NoError(t, err)
		return g
	}, "Location", "Copy")
}

func TestIdlePeriodsAreTheProviders(t *testing.T) {
	var periods []string
	for _, days := range idleDays {
		periods = append(periods, idlePeriod(days))
	}
	require.Equal(
		t,
		strings.Fields(
			"AFTER_1_DAY AFTER_7_DAYS AFTER_14_DAYS AFTER_30_DAYS AFTER_60_DAYS AFTER_90_DAYS AFTER_180_DAYS "+
				"AFTER_270_DAYS AFTER_365_DAYS",
		),
		periods,
	)
}
