package awsx

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// mergeTags puts later tags over earlier ones. Tags stay one by one known or unknown, secret or not, as far as the
// program gave them so.
func mergeTags(layers ...pulumi.StringMapInput) pulumi.StringMapInput {
	merged := pulumi.StringMap{}
	for _, layer := range layers {
		if layer == nil {
			continue
		}
		known, ok := layer.(pulumi.StringMap)
		if !ok {
			return mergeUnknownTags(layers)
		}
		for key, tag := range known {
			merged[key] = tag
		}
	}
	return merged
}

func mergeUnknownTags(layers []pulumi.StringMapInput) pulumi.StringMapInput {
	var outputs []any
	for _, layer := range layers {
		if layer != nil {
			outputs = append(outputs, layer.ToStringMapOutput())
		}
	}
	return pulumi.All(outputs...).ApplyT(func(layers []any) map[string]string {
		merged := map[string]string{}
		for _, layer := range layers {
			for key, tag := range layer.(map[string]string) {
				merged[key] = tag
			}
		}
		return merged
	}).(pulumi.StringMapOutput)
}
