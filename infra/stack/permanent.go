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

// builtKey begins those of the tags of images that the stack built.
const builtKey = "built:"

func builtBefore(before map[string]string) map[string]string {
	built := map[string]string{}
	for key, value := range before {
		if name, found := strings.CutPrefix(key, builtKey); found {
			built[name] = value
		}
	}
	return built
}

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
	for name, tag := range l.built {
		values[builtKey+name] = tag
	}
	if err := l.recordSteps(values); err != nil {
		return err
	}
	l.Export(permanentOutput, pulumi.ToStringMap(values))
	return nil
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

// A state in a file cannot be read while the engine, which has just noted the beginning of the update, writes what
// belongs to it. It is written before anything else can happen, so that a few more tries are enough.
const (
	readTries = 20
	readPause = 100 * time.Millisecond
)

// readOutputs returns the outputs of the stack's last run.
func readOutputs(ctx *pulumi.Context) (map[string]any, error) {
	args := struct {
		Name string `pulumi:"name"`
	}{fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())}
	for try := 1; ; try++ {
		var result struct {
			Outputs map[string]any `pulumi:"outputs"`
		}
		// Other outputs may be secret, which makes all of them so.
		_, err := ctx.InvokePackageRaw("pulumi:pulumi:readStackOutputs", args, &result, "")
		if err == nil {
			return result.Outputs, nil
		}
		if try == readTries {
			return nil, err
		}
		select {
		case <-ctx.Context().Done():
			return nil, ctx.Context().Err()
		case <-time.After(readPause):
		}
	}
}
