package api

import (
	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/orders/internal/order"
)

// draftBody is what a create request has as its body.
var draftBody = jsonapi.Body{
	Max:  jsonapi.MaxBody,
	Code: "invalid_order",
	Types: map[string]string{
		"customer": "a string", "lines": "an array of objects", "lines.item": "a string",
		"lines.quantity": "a whole number", "lines.priceCents": "a whole number",
	},
	Known: "customer and lines, and in a line item, quantity and priceCents",
}

// decodeDraft makes a draft of a body. It returns an *invalid.Error for what is JSON but no draft.
func decodeDraft(body []byte) (order.Draft, error) {
	draft, err := jsonapi.Decode[order.Draft](draftBody, body)
	if err != nil {
		return order.Draft{}, err
	}
	return draft, draft.Validate()
}
