package stack

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

// permanentOutput is the output in which a stack keeps what cannot change any more, for its next run to compare.
const permanentOutput = "permanent"

// prefixKey is that of what the names of the stack's resources begin with. It is in no configuration.
const prefixKey = "names"

// namesOf returns what makes the names of the stack's resources, which keep the prefix that they were made with.
func namesOf(ctx *pulumi.Context, before map[string]string) names.Namer {
	if len(before) > 0 && before[prefixKey] == "" {
		return names.Legacy(ctx.Project(), ctx.Stack())
	}
	return names.New(ctx.Project(), ctx.Stack(), before[prefixKey])
}

// exportPermanent keeps what cannot change for the stack's next run.
func (l *lab) exportPermanent() error {
	values := l.config.Permanent()
	values[config.ZonesKey], values[prefixKey] = strings.Join(l.zones, " "), l.names.Prefix()
	l.recordTargets(values)
	if err := l.recordSteps(values); err != nil {
		return err
	}
	l.Export(permanentOutput, l.whenDone(pulumi.ToStringMap(values)))
	return nil
}

// collect notes a resource of the stack.
func (l *lab) collect(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	l.resources = append(l.resources, args.Resource)
	return nil
}

// whenDone returns values when everything is made and all services run what they were given. An update that fails
// records nothing: the next one takes what the last complete one left to be still in use.
func (l *lab) whenDone(values pulumi.StringMap) pulumi.StringMapOutput {
	done := []any{values}
	for _, r := range l.resources {
		done = append(done, r.URN())
	}
	for _, s := range l.services {
		if !l.DryRun() {
			done = append(done, s.TaskDefinitionArn)
		}
	}
	return pulumi.All(done...).ApplyT(func(done []any) map[string]string {
		return done[0].(map[string]string)
	}).(pulumi.StringMapOutput)
}

// permanentBefore returns the values of the stack's last run, none if there was none.
func permanentBefore(ctx *pulumi.Context) (map[string]string, error) {
	outputs, err := readOutputs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what stack %s was made with: %w", ctx.Stack(), err)
	}
	values := map[string]string{}
	recorded, _ := outputs[permanentOutput].(map[string]any)
	for key, value := range recorded {
		values[key], _ = value.(string)
	}
	return values, nil
}

// imageType is the type of the resources that build an image and push it. Their component knows of which commit.
const (
	imageType          = "docker:index/image:Image"
	imageComponentType = "awslab:images:Image"
)

// resourcesBefore returns the resources in the stack's state, by URN.
func resourcesBefore(ctx *pulumi.Context, before map[string]string, begun Begun) (map[string]resourceState, error) {
	// The engine cannot list the resources of a stack that never had any.
	if there, err := hasResources(ctx, before, begun); err != nil || !there {
		return nil, err
	}
	args := struct {
		Name string `pulumi:"stackName"`
	}{qualifiedName(ctx)}
	var state struct {
		Resources map[string]resourceState `pulumi:"outputs"`
	}
	if err := readState(ctx, "pulumi:pulumi:readStackResourceOutputs", args, &state); err != nil {
		return nil, fmt.Errorf("reading which resources stack %s has: %w", ctx.Stack(), err)
	}
	return state.Resources, nil
}

func hasResources(ctx *pulumi.Context, before map[string]string, begun Begun) (there bool, err error) {
	if len(before) > 0 || begun == nil {
		return len(before) > 0, nil
	}
	err = whileWritten(ctx, func() error {
		there, err = begun(ctx.Context())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("reading whether stack %s has resources: %w", ctx.Stack(), err)
	}
	return there, nil
}

// resourceState is what the engine tells of a resource in the state.
type resourceState struct {
	Type    string         `pulumi:"type"`
	Outputs map[string]any `pulumi:"outputs"`
}

// text returns an output that is a text, and nothing if there is none.
func (r resourceState) text(output string) string {
	text, _ := r.Outputs[output].(string)
	return text
}

// builtIn returns the tags of the images in the stack's state with their sources, by the names of their resources. The
// stack's outputs cannot tell: a destroy that was interrupted leaves them, while the resources are gone and the images
// are still there. An image whose source is not known, because the update was killed, is left out.
func builtIn(resources map[string]resourceState) map[string]string {
	tags, built := map[string]string{}, map[string]string{}
	for urn, r := range resources {
		if image := r.text("imageName"); r.Type == imageType {
			_, name, _ := strings.Cut(urn, r.Type+"::")
			tags[name] = image[strings.LastIndex(image, ":")+1:]
		}
	}
	for _, r := range resources {
		if r.Type != imageComponentType {
			continue
		}
		recorded, _ := r.Outputs["built"].(map[string]any)
		for name, value := range recorded {
			text, _ := value.(string)
			if tag, _, _ := strings.Cut(text, " "); tag == tags[name] {
				built[name] = text
			}
		}
	}
	return built
}

// readOutputs returns the outputs of the stack's last run.
func readOutputs(ctx *pulumi.Context) (map[string]any, error) {
	args := struct {
		Name string `pulumi:"name"`
	}{qualifiedName(ctx)}
	var state struct {
		Outputs map[string]any `pulumi:"outputs"`
	}
	err := readState(ctx, "pulumi:pulumi:readStackOutputs", args, &state)
	return state.Outputs, err
}

func qualifiedName(ctx *pulumi.Context) string {
	return fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
}

// A state in a file cannot be read while the engine, which has just noted the beginning of the update, writes what
// belongs to it. It is written before anything else can happen, so that a few more tries are enough.
const (
	readTries = 20
	readPause = 100 * time.Millisecond
)

// readState asks the engine for a part of the state that the stack's last run left.
func readState(ctx *pulumi.Context, function string, args, result any) error {
	return whileWritten(ctx, func() error {
		// What it answers may be secret in part, which makes all of it so.
		_, err := ctx.InvokePackageRaw(function, args, result, "")
		return err
	})
}

func whileWritten(ctx *pulumi.Context, read func() error) error {
	for try := 1; ; try++ {
		err := read()
		if err == nil || try == readTries {
			return err
		}
		select {
		case <-ctx.Context().Done():
			return ctx.Context().Err()
		case <-time.After(readPause):
		}
	}
}
