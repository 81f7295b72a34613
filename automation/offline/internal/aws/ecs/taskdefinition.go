package ecs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func checkTaskDefinition(inputs values.View) []bridge.Failure {
	definitions, given := inputs.At("containerDefinitions")
	if !given {
		return nil
	}
	if _, err := containersOf(values.Document(definitions)); err != nil {
		return []bridge.Failure{bridge.Failf("containerDefinitions", "%v", err)}
	}
	return nil
}

// updatable are the properties of a task definition that a change does not replace.
var updatable = []string{"tags", "tagsAll", "skipDestroy", "trackLatest"}

func diffTaskDefinition(d *diff.Difference) error {
	for at, e := range d.Edits {
		top, _, _ := strings.Cut(e.Path, ".")
		e.Replaces = !slices.Contains(updatable, top)
		d.Edits[at] = e
	}
	return nil
}

// fargateSizes are the memory sizes in MiB that each size of CPU can have: least, most and step. From "Task CPU and
// memory" in the Amazon ECS Developer Guide.
var fargateSizes = map[int][3]int{
	256: {512, 2048, 512}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

func createTaskDefinition(c *bridge.Change) error {
	definitions, _ := c.Inputs.At("containerDefinitions")
	containers, err := containersOf(values.Document(definitions))
	if err != nil {
		return err
	}
	if len(containers) == 0 {
		return bridge.Refuse("ClientException", "Container list cannot be empty.")
	}
	fargate := slices.Contains(c.Inputs.Strings("requiresCompatibilities"), "FARGATE")
	if fargate {
		if err := refuseFargate(c); err != nil {
			return err
		}
	}
	for _, volume := range c.Inputs.Objects("volumes") {
		if err := refuseFileVolume(volume); err != nil {
			return err
		}
	}
	revision, err := c.Tx.Next("task definition " + c.Region().Name + " " + c.Inputs.Str("family"))
	if err != nil {
		return err
	}
	c.Set("revision", float64(revision))
	if !isSecret(c, "containerDefinitions") {
		c.Set("containerDefinitions", NormalizeContainers(values.Document(definitions)))
	}
	return nil
}

// refuseFileVolume refuses a mount of an EFS file system that contradicts itself, from "EFSVolumeConfiguration" in the
// Amazon ECS API Reference.
func refuseFileVolume(volume values.View) error {
	const files = "efsVolumeConfiguration."
	point := volume.Has(files + "authorizationConfig.accessPointId")
	authorized := point || volume.Str(files+"authorizationConfig.iam") == "ENABLED"
	if authorized && volume.Str(files+"transitEncryption") != "ENABLED" {
		return bridge.Refuse(
			"ClientException",
			"Invalid EFS volume configuration of %s: transitEncryption must be ENABLED for an access point or IAM "+
				"authorization",
			volume.Str("name"),
		)
	}
	if root := volume.Str(files + "rootDirectory"); point && root != "" && root != "/" {
		return bridge.Refuse(
			"ClientException",
			"Invalid EFS volume configuration of %s: with an access point, rootDirectory must be omitted or /, not %s",
			volume.Str("name"),
			root,
		)
	}
	return nil
}

func isSecret(c *bridge.Change, property string) bool {
	return c.State[resource.PropertyKey(property)].ContainsSecrets()
}

func refuseFargate(c *bridge.Change) error {
	if mode := c.Inputs.Str("networkMode"); mode != "awsvpc" {
		return bridge.Refuse("ClientException", "Fargate only supports network mode ‘awsvpc’.")
	}
	cpu, memory := units(c.Inputs.Str("cpu"), 1024), units(c.Inputs.Str("memory"), 1024)
	if cpu == 0 || memory == 0 {
		return bridge.Refuse(
			"ClientException",
			"Fargate requires task definition to have execution role ARN, cpu and memory at task "+
				"level: cpu is %q, memory %q",
			c.Inputs.Str("cpu"),
			c.Inputs.Str("memory"),
		)
	}
	size, known := fargateSizes[cpu]
	fits := known && memory >= size[0] && memory <= size[1] && memory%size[2] == 0
	// The smallest size has no step: 512, 1024 and 2048.
	if cpu == 256 && memory == 1536 {
		fits = false
	}
	if !fits {
		return bridge.Refuse(
			"ClientException",
			"No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS "+
				"documentation for the valid values.",
			cpu,
			memory,
		)
	}
	return nil
}

// units reads a size like 256, .25 vCPU or 1 GB.
func units(text string, each float64) int {
	lower := strings.ToLower(text)
	for _, unit := range []string{"vcpu", "gb"} {
		if number, is := strings.CutSuffix(lower, unit); is {
			value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil {
				return 0
			}
			return int(value * each)
		}
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return value
}
