package awsx

import (
	"encoding/json"
	"fmt"
)

// describe returns a layout as the output subnetLayout has it.
func describe(specs []spec) []map[string]any {
	described := []map[string]any{}
	for _, s := range specs {
		entry := map[string]any{"type": s.kind}
		if s.name != "" {
			entry["name"] = s.name
		}
		if s.mask != 0 {
			entry["cidrMask"] = s.mask
		}
		if s.size != 0 {
			entry["size"] = s.size
		}
		if s.cidrBlocks != nil {
			entry["cidrBlocks"] = s.cidrBlocks
		}
		described = append(described, entry)
	}
	return described
}

func strategyWarning(layout []map[string]any) (string, error) {
	text, err := json.Marshal(layout)
	if err != nil {
		return "", fmt.Errorf("describing the subnet layout: %w", err)
	}
	return `The default subnetStrategy will change from "Legacy" to "Auto" in the next major version. Please ` +
		`specify the subnetStrategy ` +
		`explicitly. The current subnet layout can be specified via "Auto" as:` + "\n\n" + string(
		text,
	), nil
}
