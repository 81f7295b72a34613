// Package cloudcontrol stands in for AWS Cloud Control API, of which it serves what finds resources: ListResources and
// GetResource, for the types by which a stack is recovered.
package cloudcontrol

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// resourceType is a type of CloudFormation.
type resourceType struct {
	token string
	// identifier is the property that identifies a resource.
	identifier string
	// properties are those that the stand-in tells, by paths, and where they are in the state.
	properties map[string]string
}

var resourceTypes = map[string]resourceType{
	"AWS::Backup::BackupSelection": {token.Selection, "SelectionId", map[string]string{
		"SelectionId": "id", "BackupPlanId": "planId", "BackupSelection.SelectionName": "name",
	}},
	"AWS::CloudFront::OriginAccessControl": {token.AccessControl, "Id", map[string]string{
		"Id": "id", "OriginAccessControlConfig.Name": "name",
	}},
	"AWS::CloudFront::ResponseHeadersPolicy": {token.ResponseHeaders, "Id", map[string]string{
		"Id": "id", "ResponseHeadersPolicyConfig.Name": "name",
	}},
	"AWS::EFS::MountTarget": {token.MountTarget, "Id", map[string]string{
		"Id": "id", "FileSystemId": "fileSystemId", "SubnetId": "subnetId",
	}},
	"AWS::Logs::QueryDefinition": {
		"aws:cloudwatch/queryDefinition:QueryDefinition",
		"QueryDefinitionId",
		map[string]string{
			"QueryDefinitionId": "queryDefinitionId", "Name": "name",
		},
	},
}

// scope is the region in a request's signature: Credential=<key>/<date>/<region>/<service>/aws4_request.
var scope = regexp.MustCompile(`Credential=[^/]+/[^/]+/([^/]+)/`)

type request struct {
	TypeName, Identifier, ResourceModel string
}

type description struct {
	Identifier string `json:"Identifier"`
	Properties string `json:"Properties"`
}

// Handler serves the API over a world, in every region.
func Handler(w *world.World) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		out.Header().Set("Content-Type", "application/x-amz-json-1.0")
		var asked request
		if err := json.NewDecoder(in.Body).Decode(&asked); err != nil {
			refuse(out, "ValidationException", "reading the request: "+err.Error())
			return
		}
		typ, known := resourceTypes[asked.TypeName]
		signed := scope.FindStringSubmatch(in.Header.Get("Authorization"))
		if !known || signed == nil {
			refuse(out, "TypeNotFoundException", fmt.Sprintf("offline: the type %s is not modelled", asked.TypeName))
			return
		}
		var found []description
		err := w.View(in.Context(), func(tx *world.Tx) (err error) {
			found, err = typ.list(tx, signed[1], asked)
			return err
		})
		_, operation, _ := strings.Cut(in.Header.Get("X-Amz-Target"), ".")
		switch {
		case err != nil:
			refuse(out, "GeneralServiceException", err.Error())
		case operation == "ListResources":
			answer(out, map[string]any{"TypeName": asked.TypeName, "ResourceDescriptions": found})
		case operation == "GetResource" && len(found) == 1:
			answer(out, map[string]any{"TypeName": asked.TypeName, "ResourceDescription": found[0]})
		case operation == "GetResource":
			refuse(out, "ResourceNotFoundException", "there is no "+asked.TypeName+" "+asked.Identifier)
		default:
			refuse(out, "UnsupportedActionException", "offline: "+operation+" is not modelled")
		}
	})
}

// list returns the resources in a region that have the identifier, if one is asked for, and what the model says.
func (t resourceType) list(tx *world.Tx, region string, asked request) ([]description, error) {
	model := map[string]string{}
	if asked.ResourceModel != "" {
		if err := json.Unmarshal([]byte(asked.ResourceModel), &model); err != nil {
			return nil, fmt.Errorf("reading the resource model: %w", err)
		}
	}
	var things []*world.Thing
	for _, place := range []string{region, world.Global} {
		there, err := tx.OfType(place, t.token)
		if err != nil {
			return nil, err
		}
		things = append(things, there...)
	}
	var found []description
	for _, thing := range things {
		state := bridge.StateOf(thing)
		id := state.Str(t.properties[t.identifier])
		if asked.Identifier != "" && id != asked.Identifier || !t.fits(state, model) {
			continue
		}
		properties, err := json.Marshal(t.describe(state))
		if err != nil {
			return nil, err
		}
		found = append(found, description{Identifier: id, Properties: string(properties)})
	}
	return found, nil
}

func (t resourceType) fits(state values.View, model map[string]string) bool {
	for property, value := range model {
		if state.Str(t.properties[property]) != value {
			return false
		}
	}
	return true
}

func (t resourceType) describe(state values.View) map[string]any {
	described := map[string]any{}
	for path, from := range t.properties {
		holder := described
		parts := strings.Split(path, ".")
		for _, name := range parts[:len(parts)-1] {
			inner := map[string]any{}
			holder[name], holder = inner, inner
		}
		holder[parts[len(parts)-1]] = state.Str(from)
	}
	return described
}

func answer(out http.ResponseWriter, body any) { _ = json.NewEncoder(out).Encode(body) }

// refuse answers as AWS does: the SDK reads the code from the body.
func refuse(out http.ResponseWriter, code, message string) {
	out.WriteHeader(http.StatusBadRequest)
	answer(out, map[string]string{"__type": code, "message": message})
}
