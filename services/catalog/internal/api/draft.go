package api

import (
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// draftBody is what creates or updates an item.
var draftBody = jsonapi.Body{
	Max:   jsonapi.MaxBody,
	Code:  "invalid_item",
	Types: map[string]string{"name": "a string", "description": "a string", "priceCents": "a whole number"},
	Known: "name, description and priceCents",
}

// decodeDraft returns an *invalid.Error for what is JSON but no item.
func decodeDraft(body []byte) (item.Draft, error) {
	draft, err := jsonapi.Decode[item.Draft](draftBody, body)
	if err != nil {
		return item.Draft{}, err
	}
	if err := draft.Validate(); err != nil {
		return item.Draft{}, err
	}
	return draft, nil
}
