package order

import "time"

// Event says that something happened to an order, in the JSON of CloudEvents 1.0.
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"` // the same whenever the event is sent again
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"` // the order's id
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            Order     `json:"data"`
}

// EventCreated is the type of the event that an order was created.
const EventCreated = "orders.order.created.v1"

// CreatedEvent returns the event that the order was created.
func (o Order) CreatedEvent() Event {
	return Event{
		SpecVersion:     "1.0",
		ID:              o.ID + "-created",
		Source:          "/orders",
		Type:            EventCreated,
		Subject:         o.ID,
		Time:            o.CreatedAt,
		DataContentType: "application/json",
		Data:            o,
	}
}
