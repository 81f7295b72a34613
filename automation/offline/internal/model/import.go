package model

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// ImportIDs returns the ids with which a thing can be imported: none if the provider cannot import its type.
func (m *Model) ImportIDs(id, arn string, state values.View) []string {
	if m.Import == nil {
		return []string{id}
	}
	scope := template.Scope{
		Variables:  map[string]string{"id": id, "arn": arn, "resource": resourceOf(arn)},
		Properties: state,
	}
	var ids []string
	for _, form := range m.Import {
		// A form that needs a property that the thing does not have is one for other things of the type.
		if id, err := scope.Text(form); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// resourceOf returns what follows the kind of resource in an ARN: shop/catalog of
// arn:aws:ecs:eu-west-1:123456789012:service/shop/catalog.
func resourceOf(text string) string {
	parsed, _ := arn.Parse(text)
	_, id, _ := strings.Cut(parsed.Resource, "/")
	return id
}
