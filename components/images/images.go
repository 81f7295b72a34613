// Package images builds a microservice's container image from its Dockerfile, pushes it to an ECR repository of its
// own, and hands it on by an immutable tag (step 2 of the lab). Around it: word of what
// scans find ([ScanFindings]), and images of other registries kept close by ([PullThroughCache]).
//
// The tag is derived from what is built, so that an unchanged build context keeps its tag, a changed one gets a new
// tag, and tags in the repository can be immutable.
package images

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// ImageArgs describe an image and the repository it is kept in.
type ImageArgs struct {
	// Location is where the repository is.
	Location identity.Location
	// Repository is the repository's name in ECR, 2 to 256 characters.
	Repository string
	// Context is the build context, an existing folder.
	Context string
	// ProgramDir is the folder the engine runs providers in. The context is handed to the provider relative to it, so
	// that the state does not depend on where a team member's checkout lies. Empty hands on the absolute path.
	ProgramDir string
	// Dockerfile is relative to Context. Default: Dockerfile.
	Dockerfile string
	// Target is the stage to build. Default: the last.
	Target string
	// Args are build arguments. They end up in the image's history, so none may be secret.
	Args map[string]string
	// Source is the commit, which the build gets as the arguments REVISION and CREATED. Empty gives none.
	Source Source
	// Architecture is amd64 (the default) or arm64.
	Architecture string
	// Keep is the number of images that the repository keeps, 1 to 1000. Default: 30.
	Keep int
	// ForceDelete lets the repository be deleted while it holds images.
	ForceDelete bool
	// KmsKeyArn encrypts the repository. Nil means the AWS managed key of ECR.
	KmsKeyArn pulumi.StringPtrInput
	// FunctionArn is the ARN, or a pattern of it, of the Lambda functions that run the image. Empty means none: unlike
	// ECS, Lambda pulls with a right that the repository itself grants.
	FunctionArn string
	// BuiltBefore has the tags of the docker.Image resources in the stack's state, by their names, each with a space
	// and its source; the component's output built has them. Any other image that ECR has, such as one whose content
	// returns, is not built and pushed again.
	BuiltBefore map[string]string
	// Copy is a repository of the same name in another region that the image is pushed to as well, so that services can
	// be started there when the first region is lost. Nil means none.
	Copy *RepositoryCopy
	Tags map[string]string
}

// RepositoryCopy is a repository in another region.
type RepositoryCopy struct {
	// Provider is that of the region.
	Provider pulumi.ProviderResource
	// KmsKeyArn encrypts it, with a key of that region. Nil means the AWS managed key of ECR.
	KmsKeyArn pulumi.StringPtrInput
}

// Image is a container image in ECR. Its type token is awslab:images:Image.
type Image struct {
	pulumi.ResourceState

	// Ref names the image by its tag, <repository URL>:<tag>, which is known in a preview. What has it as an input is
	// created after the image.
	Ref pulumi.StringOutput `pulumi:"ref"`
	// RepositoryUrl and RepositoryName are the repository's.
	RepositoryUrl  pulumi.StringOutput `pulumi:"repositoryUrl"`
	RepositoryName pulumi.StringOutput `pulumi:"repositoryName"`
	// Tag is derived from the content of the build, and cannot be moved to another image.
	Tag string
	// built are the tag and the source of each docker.Image resource, by its name: the output of that name, from
	// which the next run has [ImageArgs.BuiltBefore].
	built map[string]string
}

// repositoryName follows ECR's rule (API reference, CreateRepository).
var repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

var architectures = []string{"amd64", "arm64"}

func (args ImageArgs) withDefaults() ImageArgs {
	if args.Dockerfile == "" {
		args.Dockerfile = "Dockerfile"
	}
	if args.Architecture == "" {
		args.Architecture = "amd64"
	}
	if args.Keep == 0 {
		args.Keep = 30
	}
	return args
}

func (args ImageArgs) validate() error {
	problems := []error{args.Location.Validate()}
	if len(args.Repository) < 2 || len(args.Repository) > 256 || !repositoryName.MatchString(args.Repository) {
		problems = append(problems, problem.New(
			"Repository",
			"%q; use 2 to 256 lower-case letters, digits, and single . _ - / between them",
			args.Repository,
		))
	}
	if !slices.Contains(architectures, args.Architecture) {
		problems = append(problems, problem.New("Architecture", "%q; use amd64 or arm64", args.Architecture))
	}
	if args.Keep < 1 || args.Keep > 1000 {
		problems = append(problems, problem.New("Keep", "%d; use 1 to 1000", args.Keep))
	}
	if args.Copy != nil && args.Copy.Provider == nil {
		problems = append(problems, problem.New("Copy.Provider", "missing; give that of the region of the copies"))
	}
	return errors.Join(append(problems, args.checkContext())...)
}

// NewImage creates a repository, builds the image and pushes it.
func NewImage(ctx *pulumi.Context, name string, given *ImageArgs, opts ...pulumi.ResourceOption) (*Image, error) {
	if given == nil {
		given = &ImageArgs{}
	}
	args := given.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}
	tag, err := args.ContentTag()
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}

	component := &Image{Tag: tag, built: map[string]string{}}
	if err := ctx.RegisterComponentResource("awslab:images:Image", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering image %q: %w", name, err)
	}
	repository, err := component.newRepository(ctx, name, args, args.KmsKeyArn)
	if err != nil {
		return nil, err
	}
	// A function that has the image is created after the policy that lets it pull.
	ready, err := component.letFunctionsPull(ctx, name, args, repository)
	if err != nil {
		return nil, err
	}
	image, err := component.push(ctx, name+"-image", args, repository, ready)
	if err != nil {
		return nil, err
	}
	if image != nil {
		ready = append(ready, image)
	}
	if err := component.pushCopy(ctx, name, args); err != nil {
		return nil, err
	}
	component.RepositoryUrl = repository.RepositoryUrl
	component.RepositoryName = repository.Name
	ref := pulumi.Sprintf("%s/%s:%s", args.Location.RegistryHost(), args.Repository, tag)
	component.Ref = pulumi.OutputWithDependencies(
		ctx.Context(), ref, append(ready, repository)...).(pulumi.StringOutput)
	// None of these waits for the image: an update that is interrupted while it is built, or right after, has recorded
	// its source.
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"ref":            ref,
		"repositoryUrl":  pulumi.Sprintf("%s/%s", args.Location.RegistryHost(), args.Repository),
		"repositoryName": pulumi.String(args.Repository),
		"built":          pulumi.ToStringMap(component.built),
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of image %q: %w", name, err)
	}
	return component, nil
}

// push builds the image and pushes it, once what it needs is ready. It returns nil if ECR has the image already, though
// not by what the last run built: it was pushed by an update that did not end, or before the content changed and
// changed back.
func (component *Image) push(
	ctx *pulumi.Context,
	name string,
	args ImageArgs,
	repository *ecr.Repository,
	ready []pulumi.Resource,
	opts ...pulumi.InvokeOption,
) (*docker.Image, error) {
	opts = append(opts, pulumi.Parent(component))
	tag, source, _ := strings.Cut(args.BuiltBefore[name], " ")
	if tag == component.Tag {
		// The provider builds again when an argument changes, so an unchanged image keeps the commit it was built from.
		args.Source = parseSource(source)
	} else {
		_, err := ecr.GetImage(
			ctx, &ecr.GetImageArgs{RepositoryName: args.Repository, ImageTag: &component.Tag}, opts...)
		if err == nil {
			return nil, nil
		}
		if !notFound.MatchString(err.Error()) {
			return nil, fmt.Errorf("looking for image %q: %w", name, err)
		}
	}
	component.built[name] = strings.TrimSpace(component.Tag + " " + args.Source.String())
	return component.build(ctx, name, args, repository, ready, opts...)
}

// notFound matches ECR's errors for an image or a repository that is not there (API reference, DescribeImages).
var notFound = regexp.MustCompile(`ImageNotFoundException|RepositoryNotFoundException`)

// pushCopy pushes the image to another region. ECR could replicate it, but has one such setting for all of an account's
// repositories in a region: two stacks would take it from each other.
func (component *Image) pushCopy(ctx *pulumi.Context, name string, args ImageArgs) error {
	if args.Copy == nil {
		return nil
	}
	there := pulumi.Provider(args.Copy.Provider)
	repository, err := component.newRepository(ctx, name+"-copy", args, args.Copy.KmsKeyArn, there)
	if err != nil {
		return err
	}
	_, err = component.push(ctx, name+"-copy-image", args, repository, nil, there)
	return err
}

func (component *Image) newRepository(
	ctx *pulumi.Context,
	name string,
	args ImageArgs,
	key pulumi.StringPtrInput,
	opts ...pulumi.ResourceOption,
) (*ecr.Repository, error) {
	opts = append(opts, pulumi.Parent(component))
	encryption := ecr.RepositoryEncryptionConfigurationArgs{EncryptionType: pulumi.String("KMS"), KmsKey: key}
	repository, err := ecr.NewRepository(ctx, name+"-repository", &ecr.RepositoryArgs{
		Name:                       pulumi.String(args.Repository),
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations:   ecr.RepositoryEncryptionConfigurationArray{encryption},
		ForceDelete:                pulumi.Bool(args.ForceDelete),
		Tags:                       pulumi.ToStringMap(args.Tags),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating the repository of image %q: %w", name, err)
	}
	policy, err := lifecyclePolicy(args.Keep)
	if err != nil {
		return nil, fmt.Errorf("rendering the lifecycle policy of image %q: %w", name, err)
	}
	if _, err := ecr.NewLifecyclePolicy(ctx, name+"-lifecycle", &ecr.LifecyclePolicyArgs{
		Repository: repository.Name,
		Policy:     pulumi.String(policy),
	}, opts...); err != nil {
		return nil, fmt.Errorf("creating the lifecycle policy of image %q: %w", name, err)
	}
	return repository, nil
}

func (component *Image) letFunctionsPull(
	ctx *pulumi.Context,
	name string,
	args ImageArgs,
	repository *ecr.Repository,
) ([]pulumi.Resource, error) {
	if args.FunctionArn == "" {
		return nil, nil
	}
	access, err := functionAccess(args.FunctionArn)
	if err != nil {
		return nil, fmt.Errorf("rendering the repository policy of image %q: %w", name, err)
	}
	policy, err := ecr.NewRepositoryPolicy(ctx, name+"-access", &ecr.RepositoryPolicyArgs{
		Repository: repository.Name,
		Policy:     pulumi.String(access),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the repository policy of image %q: %w", name, err)
	}
	return []pulumi.Resource{policy}, nil
}

// functionAccess returns a repository's policy. Like a trust policy it names no resource, which is the repository.
func functionAccess(functionArn string) (string, error) {
	return identity.Document{Statements: []identity.Statement{{
		Sid:        "LambdaPulls",
		Actions:    []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
		Principals: []identity.Principal{{Type: "Service", Values: []string{"lambda.amazonaws.com"}}},
		Conditions: []identity.Condition{{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{functionArn}}},
	}}}.JSON()
}

// lifecycleRule is one rule of a lifecycle policy, which says what images expire.
type lifecycleRule struct {
	RulePriority int               `json:"rulePriority"`
	Description  string            `json:"description"`
	Selection    expiring          `json:"selection"`
	Action       map[string]string `json:"action"`
}

type expiring struct {
	TagStatus   string `json:"tagStatus"`
	CountType   string `json:"countType"`
	CountUnit   string `json:"countUnit,omitempty"`
	CountNumber int    `json:"countNumber"`
}

// lifecyclePolicy drops what a failed push left untagged after a day, and all but the newest images.
func lifecyclePolicy(keep int) (string, error) {
	return renderLifecycle(
		lifecycleRule{
			Description: "Untagged images go after a day",
			Selection:   expiring{"untagged", "sinceImagePushed", "days", 1},
		},
		newestStay(keep),
	)
}

func newestStay(keep int) lifecycleRule {
	return lifecycleRule{
		Description: fmt.Sprintf("The newest %d images stay", keep),
		Selection:   expiring{"any", "imageCountMoreThan", "", keep},
	}
}

// renderLifecycle gives the rules their priorities, in the order given.
func renderLifecycle(rules ...lifecycleRule) (string, error) {
	for i := range rules {
		rules[i].RulePriority, rules[i].Action = i+1, map[string]string{"type": "expire"}
	}
	text, err := json.Marshal(map[string][]lifecycleRule{"rules": rules})
	return string(text), err
}

func (component *Image) build(
	ctx *pulumi.Context,
	name string,
	args ImageArgs,
	repository *ecr.Repository,
	ready []pulumi.Resource,
	opts ...pulumi.InvokeOption,
) (*docker.Image, error) {
	login := ecr.GetAuthorizationTokenOutput(
		ctx,
		ecr.GetAuthorizationTokenOutputArgs{RegistryId: repository.RegistryId},
		opts...,
	)
	context, err := args.providerContext()
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}
	image, err := docker.NewImage(ctx, name, &docker.ImageArgs{
		ImageName: pulumi.Sprintf("%s:%s", repository.RepositoryUrl, component.Tag),
		Build: docker.DockerBuildArgs{
			Context:    pulumi.String(context),
			Dockerfile: pulumi.String(filepath.Join(context, args.Dockerfile)),
			Platform:   pulumi.String("linux/" + args.Architecture),
			Target:     optional(args.Target),
			Args:       pulumi.ToStringMap(args.BuildArgs()),
		},
		Registry: docker.RegistryArgs{
			Server:   repository.RepositoryUrl,
			Username: login.UserName(),
			// The token is good for twelve hours, so its change alone must not look like a change of the image; the
			// provider does not compare it.
			Password: pulumi.ToSecret(login.Password()).(pulumi.StringOutput),
		},
	}, pulumi.Parent(component), pulumi.DependsOn(ready))
	if err != nil {
		return nil, fmt.Errorf("building image %q: %w", name, err)
	}
	return image, nil
}

// BuildArgs returns Args with TARGETARCH, which only BuildKit would set by itself, and the source.
func (args ImageArgs) BuildArgs() map[string]string {
	all := map[string]string{"TARGETARCH": args.Architecture}
	if args.Source.Revision != "" {
		all["REVISION"], all["CREATED"] = args.Source.Revision, args.Source.Created
	}
	maps.Copy(all, args.Args)
	return all
}

func optional(text string) pulumi.StringPtrInput {
	if text == "" {
		return nil
	}
	return pulumi.String(text)
}
