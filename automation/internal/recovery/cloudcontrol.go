package recovery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
)

// CloudControl is what is asked of AWS Cloud Control API.
type CloudControl interface {
	cloudcontrol.ListResourcesAPIClient
	GetResource(
		context.Context,
		*cloudcontrol.GetResourceInput,
		...func(*cloudcontrol.Options),
	) (*cloudcontrol.GetResourceOutput, error)
}

// listing finds resources that have neither a name to be imported by nor tags among all of their type.
type listing struct {
	// typeName is that of CloudFormation.
	typeName string
	// model narrows the list: properties that Cloud Control API asks for, by their names, as templates of inputs.
	model map[string]string
	// property is the path of the one that tells the resource from others, value the template of its value.
	property, value string
}

// find returns the properties of those that match.
func (l listing) find(ctx context.Context, api CloudControl, inputs map[string]any) ([]map[string]any, error) {
	model := map[string]string{}
	for name, template := range l.model {
		model[name], _ = expand(template, inputs, nil)
	}
	encoded, err := json.Marshal(model)
	if err != nil {
		return nil, fmt.Errorf("narrowing the list of %s: %w", l.typeName, err)
	}
	text, wanted := string(encoded), ""
	if wanted, _ = expand(l.value, inputs, nil); wanted == "" {
		return nil, fmt.Errorf("listing %s: the resource has no %s", l.typeName, l.property)
	}
	var found []map[string]any
	pages := cloudcontrol.NewListResourcesPaginator(api, &cloudcontrol.ListResourcesInput{
		TypeName:      &l.typeName,
		ResourceModel: &text,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", l.typeName, err)
		}
		for _, listed := range page.ResourceDescriptions {
			// A list may leave out all properties but the identifier.
			got, err := api.GetResource(ctx, &cloudcontrol.GetResourceInput{
				TypeName:   &l.typeName,
				Identifier: listed.Identifier,
			})
			if err != nil {
				return nil, fmt.Errorf("reading %s %s: %w", l.typeName, *listed.Identifier, err)
			}
			var properties map[string]any
			if err := json.Unmarshal([]byte(*got.ResourceDescription.Properties), &properties); err != nil {
				return nil, fmt.Errorf("reading the properties of %s %s: %w", l.typeName, *listed.Identifier, err)
			}
			if at(properties, l.property) == wanted {
				found = append(found, properties)
			}
		}
	}
	return found, nil
}

// at returns the text at a path of names.
func at(properties map[string]any, path string) string {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		inner, _ := properties[name].(map[string]any)
		return at(inner, rest)
	}
	text, _ := properties[name].(string)
	return text
}
