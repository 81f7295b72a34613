// Package configschema renders the JSON Schema of the stack's configuration from its Go types, for editors and for
// whoever writes a Pulumi.<stack>.yaml by program.
package configschema

import (
	"encoding/json"
	"fmt"

	"github.com/awslab/awslab/infra/stack"
	"github.com/invopop/jsonschema"
)

const stackPackage = "github.com/awslab/awslab/infra/stack"

// Generate returns the schema; source is the folder of package stack, whose comments become the descriptions.
func Generate(source string) ([]byte, error) {
	reflector := &jsonschema.Reflector{ExpandedStruct: true, RequiredFromJSONSchemaTags: true}
	if err := reflector.AddGoComments(stackPackage, source); err != nil {
		return nil, fmt.Errorf("reading the comments of package stack: %w", err)
	}
	text, err := json.MarshalIndent(reflector.Reflect(&stack.Config{}), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("rendering the schema: %w", err)
	}
	return append(text, '\n'), nil
}
