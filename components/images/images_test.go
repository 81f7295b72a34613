package images

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/awslab/awslab/components/identity"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"
)

type (
	object = map[string]any
	files  = map[string]string
)

func folder(t *testing.T, content files) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

var service = files{
	"Dockerfile":    "FROM scratch\n",
	"main.go":       "package main\n",
	"notes.md":      "x",
	".dockerignore": "*.md\n",
}

// tagOf returns the tag of an image whose context the provider finds where the program is, if nothing else is given.
func tagOf(t *testing.T, args ImageArgs) string {
	t.Helper()
	if args.ProgramDir == "" {
		args.ProgramDir = args.Context
	}
	tag, err := args.ContentTag()
	require.NoError(t, err)
	return tag
}

func TestTheTagFollowsFromWhatIsBuilt(t *testing.T) {
	original := tagOf(t, ImageArgs{Context: folder(t, service)})
	require.Regexp(t, `^[0-9a-f]{16}$`, original)
	tests := map[string]struct {
		change func(*testing.T, *ImageArgs)
		same   bool
	}{
		"nothing, elsewhere on the disk": {func(*testing.T, *ImageArgs) {}, true},
		"a date": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Chtimes(filepath.Join(a.Context, "main.go"), time.Unix(1, 0), time.Unix(1, 0)))
		}, true},
		"an ignored file":      {write("notes.md", "y"), true},
		"another ignored file": {write("docs.md", "y"), true},
		"a file":               {write("main.go", "package main // changed\n"), false},
		"another file":         {write("sub/more.go", "package sub\n"), false},
		"the Dockerfile":       {write("Dockerfile", "FROM scratch\nUSER 1\n"), false},
		"what is ignored":      {write(".dockerignore", ""), false},
		"a build argument":     {func(_ *testing.T, a *ImageArgs) { a.Args = files{"VERSION": "2"} }, false},
		"the target":           {func(_ *testing.T, a *ImageArgs) { a.Target = "build" }, false},
		"the architecture":     {func(_ *testing.T, a *ImageArgs) { a.Architecture = "arm64" }, false},
		"the repository":       {func(_ *testing.T, a *ImageArgs) { a.Repository, a.Keep = "other", 5 }, true},
		"an executable bit": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Chmod(filepath.Join(a.Context, "main.go"), 0o700))
		}, false}, //nolint:gosec // the point
		"a link": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Symlink("main.go", filepath.Join(a.Context, "l")))
		}, false},
		"the Dockerfile's own": {write("Dockerfile.dockerignore", "*.go\n"), false},
		"a name": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Rename(filepath.Join(a.Context, "main.go"), filepath.Join(a.Context, "app.go")))
		}, false},
		"an empty folder": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Mkdir(filepath.Join(a.Context, "empty"), 0o700))
		}, false},
		"who may write, as another umask has it": {func(t *testing.T, a *ImageArgs) {
			require.NoError(t, os.Chmod(filepath.Join(a.Context, "main.go"), 0o620))
		}, false},
		"the folder": {func(_ *testing.T, a *ImageArgs) { a.ProgramDir = filepath.Dir(a.Context) }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			args := ImageArgs{Context: folder(t, service)}
			test.change(t, &args)
			require.Equal(t, test.same, original == tagOf(t, args))
		})
	}
}

func write(name, text string) func(*testing.T, *ImageArgs) {
	return func(t *testing.T, a *ImageArgs) {
		path := filepath.Join(a.Context, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// An ignore file that names everything and then brings some back is what the services have.
func TestWhatIsBroughtBackCounts(t *testing.T) {
	content := files{
		"Dockerfile":    "FROM scratch\n",
		".dockerignore": "*\n!src\nsrc/*_test.go\n",
		"src/a.go":      "1",
		"src/a_test.go": "1",
		"other":         "1",
	}
	tag := func(name string) string {
		changed := files{}
		for n, text := range content {
			changed[n] = text
		}
		if name != "" {
			changed[name] = "2"
		}
		return tagOf(t, ImageArgs{Context: folder(t, changed)})
	}
	require.NotEqual(t, tag(""), tag("src/a.go"))
	require.Equal(t, tag(""), tag("src/a_test.go"))
	require.Equal(t, tag(""), tag("other"))
}

func TestTheDockerfilesOwnIgnoreFileGoesFirst(t *testing.T) {
	base := files{
		"Dockerfile":              "FROM scratch\n",
		"Dockerfile.dockerignore": "b\n",
		".dockerignore":           "a\n",
		"a":                       "1",
		"b":                       "1",
	}
	tag := func(name string) string {
		base[name] = "2"
		defer func() { base[name] = "1" }()
		return tagOf(t, ImageArgs{Context: folder(t, base)})
	}
	unchanged := tagOf(t, ImageArgs{Context: folder(t, base)})
	require.NotEqual(t, unchanged, tag("a"))
	require.Equal(t, unchanged, tag("b"))
}

func TestAPipeIsRefusedInsteadOfRead(t *testing.T) {
	dir := folder(t, service)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	_, err := ImageArgs{Context: dir}.ContentTag()
	require.ErrorContains(t, err, "pipe is neither a file, a folder nor a link; remove it or list it in .dockerignore")
}

// graph records what a program registers, and answers as ECR would.
type graph struct {
	mutex sync.Mutex
	// pushed is what ECR says to the question for the image: by default that there is none.
	pushed    error
	image     *Image
	resources []pulumi.MockResourceArgs
	calls     []pulumi.MockCallArgs
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resources = append(g.resources, args)
	state := args.Inputs.Copy()
	switch args.TypeToken {
	case "aws:ecr/repository:Repository":
		state["repositoryUrl"] = resource.NewStringProperty("registry/" + args.Inputs["name"].StringValue())
		state["registryId"] = resource.NewStringProperty("123456789012")
	case "docker:index/image:Image":
		state["repoDigest"] = resource.NewStringProperty("registry/orders@sha256:1")
	}
	return args.Name + "-id", state, nil
}

func (g *graph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if args.Token == "aws:ecr/getImage:getImage" {
		return resource.PropertyMap{}, g.pushed
	}
	g.calls = append(g.calls, args)
	return resource.NewPropertyMapFromMap(object{"userName": "AWS", "password": "token"}), nil
}

func (g *graph) find(t *testing.T, name string) pulumi.MockResourceArgs {
	t.Helper()
	i := slices.IndexFunc(g.resources, func(r pulumi.MockResourceArgs) bool { return r.Name == name })
	require.GreaterOrEqual(t, i, 0, "no resource is named %q", name)
	return g.resources[i]
}

func (g *graph) run(args *ImageArgs) error {
	args.Location = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
	return pulumi.RunErr(func(ctx *pulumi.Context) (err error) {
		g.image, err = NewImage(ctx, "orders", args)
		return err
	}, pulumi.WithMocks("awslab", "dev", g))
}

func newGraph() *graph {
	return &graph{pushed: errors.New("api error ImageNotFoundException: The image does not exist")}
}

func TestWhatECRHasIsNotBuiltAgain(t *testing.T) {
	dir := folder(t, service)
	args := func() *ImageArgs { return &ImageArgs{Repository: "awslab-dev-orders", Context: dir, ProgramDir: dir} }
	tag := tagOf(t, *args())
	for name, test := range map[string]struct {
		pushed      error
		builtBefore string
		built       bool
		problem     string
	}{
		"nothing there":          {newGraph().pushed, "", true, ""},
		"no repository yet":      {errors.New("RepositoryNotFoundException"), "", true, ""},
		"pushed, the state lost": {nil, "", false, ""},
		"content that returns":   {nil, "0000000000000000", false, ""},
		"what is in the state":   {nil, tag, true, ""},
		"no permission":          {errors.New("api error AccessDenied"), "", false, "looking for image"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{pushed: test.pushed}
			given := args()
			given.BuiltBefore = map[string]string{"orders-image": test.builtBefore}
			err := g.run(given)
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			built := slices.ContainsFunc(g.resources, func(r pulumi.MockResourceArgs) bool {
				return r.TypeToken == "docker:index/image:Image"
			})
			require.Equal(t, test.built, built)
			ref, err := internals.UnsafeAwaitOutput(t.Context(), g.image.Ref)
			require.NoError(t, err)
			require.True(t, ref.Known)
			require.Equal(t, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/awslab-dev-orders:"+tag, ref.Value)
		})
	}
}

func TestAnImagesInputs(t *testing.T) {
	dir, g := folder(t, service), newGraph()
	args := &ImageArgs{
		Repository:   "awslab-dev-orders",
		Context:      dir,
		ProgramDir:   filepath.Join(filepath.Dir(dir), "infra"),
		Architecture: "arm64",
		Keep:         5,
		Tags:         files{"Project": "awslab"},
	}
	require.NoError(t, g.run(args))

	require.Equal(t, object{
		"name":                       "awslab-dev-orders",
		"imageTagMutability":         "IMMUTABLE",
		"imageScanningConfiguration": object{"scanOnPush": true},
		"encryptionConfigurations":   []any{object{"encryptionType": "KMS"}},
		"forceDelete":                false,
		"tags":                       object{"Project": "awslab"},
	}, g.find(t, "orders-repository").Inputs.Mappable())

	policy := g.find(t, "orders-lifecycle").Inputs.Mappable()
	require.Equal(t, "awslab-dev-orders", policy["repository"])
	require.JSONEq(t, `{"rules": [
		{"rulePriority": 1, "description": "Untagged images go after a day",
		 "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
		 	"countNumber": 1}, "action": {"type": "expire"}},
		{"rulePriority": 2, "description": "The newest 5 images stay",
		 "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
		 	"action": {"type": "expire"}}
	]}`, policy["policy"].(string))

	image := g.find(t, "orders-image").Inputs
	require.Equal(t, "registry/awslab-dev-orders:"+tagOf(t, *args), image["imageName"].StringValue())
	require.Equal(t, object{
		"context":    "../" + filepath.Base(dir),
		"dockerfile": "../" + filepath.Base(dir) + "/Dockerfile",
		"platform":   "linux/arm64",
		"args":       object{"TARGETARCH": "arm64"},
	}, within(image["build"], "builderVersion"))
	for _, r := range g.resources {
		if r.Custom {
			require.Contains(t, r.RegisterRPC.GetParent(), "awslab:images:Image::orders", r.Name)
		}
	}
}

// within returns an object without the keys that the SDK adds.
func within(value resource.PropertyValue, without ...string) object {
	m := value.ObjectValue().Mappable()
	for _, key := range without {
		delete(m, key)
	}
	return m
}

func TestTheRegistrysPasswordIsSecret(t *testing.T) {
	g := newGraph()
	require.NoError(t, g.run(&ImageArgs{Repository: "awslab-dev-orders", Context: folder(t, service)}))
	require.Equal(t, "aws:ecr/getAuthorizationToken:getAuthorizationToken", g.calls[0].Token)
	require.Equal(t, "123456789012", g.calls[0].Args["registryId"].StringValue())
	registry := g.find(t, "orders-image").RegisterRPC.GetObject().GetFields()["registry"].GetStructValue().GetFields()
	sent := registry["password"]
	if sent == nil { // the whole block travels in an envelope
		sent = registry["value"].GetStructValue().GetFields()["password"]
		require.Contains(t, registry, resource.SigKey)
	} else {
		require.Equal(t, resource.SecretSig, sent.GetStructValue().GetFields()[resource.SigKey].GetStringValue())
	}
	require.NotNil(t, sent)
}

func TestWhatAnImageRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*ImageArgs)
		want   string
	}{
		"no folder": {
			func(a *ImageArgs) { a.Context = "/does/not/exist" },
			`Context: "/does/not/exist" is not a folder`,
		},
		"no Dockerfile": {func(a *ImageArgs) { a.Dockerfile = "Other" }, "Dockerfile: there is no file"},
		"a Dockerfile outside": {
			func(a *ImageArgs) { a.Dockerfile = "../Dockerfile" },
			`Dockerfile: "../Dockerfile" is not below the context`,
		},
		"a repository's name": {
			func(a *ImageArgs) { a.Repository = "Orders" },
			`Repository: "Orders"; use 2 to 256 lower-case`,
		},
		"an architecture": {
			func(a *ImageArgs) { a.Architecture = "x86" },
			`Architecture: "x86"; use amd64 or arm64`,
		},
		"images to keep": {func(a *ImageArgs) { a.Keep = 1001 }, "Keep: 1001; use 1 to 1000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, args := newGraph(), &ImageArgs{Repository: "awslab-dev-orders", Context: folder(t, service)}
			test.change(args)
			err := g.run(args)
			require.ErrorContains(t, err, test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}
