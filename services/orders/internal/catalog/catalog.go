// Package catalog asks the catalog service for the items of an order: what they are called, and what they cost.
package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"

	"github.com/awslab/awslab/services/internal/invalid"
	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/orders/internal/order"
)

// ErrUnavailable says that the catalog is out of reach, or failing, for as long as the request allowed.
var ErrUnavailable = errors.New("the catalog cannot be reached")

const (
	// tryTimeout leaves room for a second and a third try in the time of a request (jsonapi.Timeout).
	tryTimeout = time.Second
	maxTries   = 3
	// maxLookups bounds the requests for one order.
	maxLookups = 8
	// maxIdleConnections is how many lookups can run at once without a new connection for each.
	maxIdleConnections = 100
	// maxAnswer bytes are read of an answer: more than an item has, whose texts have at most 2,200 characters.
	maxAnswer = 64 << 10
	maxName   = 200 // characters, in the catalog's openapi.yaml
)

// Item is what the catalog says of an item.
type Item struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	PriceCents *int64 `json:"priceCents"` // a pointer, to tell free from what is no item
}

// Client asks one catalog. It is safe for concurrent use.
type Client struct {
	base      string
	http      *http.Client
	budget    *budget
	breaker   *gobreaker.CircuitBreaker[Item]
	unobserve func() error
}

// New returns a client of the catalog at a base URL, such as http://catalog:8080.
func New(base string) (*Client, error) {
	return newClient(base, &http.Transport{
		MaxIdleConnsPerHost: maxIdleConnections,
		IdleConnTimeout:     time.Minute, // less than the catalog's own, see httpserver.Serve
	})
}

func newClient(base string, transport http.RoundTripper) (*Client, error) {
	c := &Client{
		base: strings.TrimSuffix(base, "/"),
		http: &http.Client{
			Transport:     otelhttp.NewTransport(transport), // which passes the trace on
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		budget:  newBudget(),
		breaker: newBreaker(),
	}
	var err error
	c.unobserve, err = c.observe()
	return c, err
}

// observe has the state of the circuit breaker measured whenever metrics are collected.
func (c *Client) observe() (stop func() error, err error) {
	meter := otel.Meter("github.com/awslab/awslab/services/orders")
	state, err := meter.Int64ObservableGauge(
		"orders.catalog.breaker.state",
		metric.WithDescription("The state of the circuit breaker: 0 is closed, 1 half open and 2 open."),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the catalog: %w", err)
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(state, int64(c.breaker.State()))
		return nil
	}, state)
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the catalog: %w", err)
	}
	return registration.Unregister, nil
}

// Close ends the connections that are idle.
func (c *Client) Close() {
	if err := c.unobserve(); err != nil {
		otel.Handle(err)
	}
	c.http.CloseIdleConnections()
}

// State returns that of the circuit breaker.
func (c *Client) State() gobreaker.State { return c.breaker.State() }

// Price returns the draft with the names and the prices of the catalog. It returns an *invalid.Error for an item that
// the catalog does not have, and for a price that is not the catalog's, and ErrUnavailable.
func (c *Client) Price(ctx context.Context, draft order.Draft) (order.Draft, error) {
	lines := make([]order.DraftLine, len(draft.Lines))
	all, within := errgroup.WithContext(ctx)
	all.SetLimit(maxLookups)
	for i, line := range draft.Lines {
		all.Go(func() error {
			priced, err := c.priceLine(within, line, fmt.Sprintf("lines[%d]", i))
			lines[i] = priced
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return order.Draft{}, err
	}
	draft.Lines = lines
	return draft, nil
}

func (c *Client) priceLine(ctx context.Context, line order.DraftLine, field string) (order.DraftLine, error) {
	item, err := c.Item(ctx, line.Item)
	if errors.Is(err, errNoItem) {
		return line, &invalid.Error{Field: field + ".item", Message: "is not in the catalog"}
	}
	if err != nil {
		return line, err
	}
	if given := line.PriceCents; given != nil && *given != *item.PriceCents {
		return line, &invalid.Error{
			Field:   field + ".priceCents",
			Message: fmt.Sprintf("is %d, but the item costs %d now", *given, *item.PriceCents),
		}
	}
	line.Name, line.PriceCents = item.Name, item.PriceCents
	return line, nil
}

// validID is the schema Id of the catalog's openapi.yaml. Nothing else needs to be asked for.
var validID = regexp.MustCompile(`^[A-Z2-7]{26,64}$`)

// Item returns the item with an id. It tries again what a moment later may succeed, within the time of ctx and the
// budget of all requests, and does not try while the circuit breaker is open.
func (c *Client) Item(ctx context.Context, id string) (Item, error) {
	if !validID.MatchString(id) {
		return Item{}, fmt.Errorf("looking up item %q: %w", id, errNoItem)
	}
	c.budget.deposit()
	for try := 1; ; try++ {
		item, err := c.permittedTry(ctx, id)
		if err == nil || errors.Is(err, errNoItem) || ctx.Err() != nil || !isTransient(err) {
			return item, c.wrap(ctx, id, err)
		}
		if try == maxTries || isOpen(err) || !c.budget.withdraw() || !sleep(ctx, pause(try)) {
			return Item{}, c.wrap(ctx, id, err)
		}
	}
}

// errNoItem says that the catalog has no such item.
var errNoItem = errors.New("the catalog has no such item")

func (c *Client) wrap(ctx context.Context, id string, err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(ctx.Err(), context.Canceled) && (isTransient(err) || isOpen(err)) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("looking up item %q: %w", id, err)
}

// permittedTry makes a try when the circuit breaker permits it. While others probe the catalog it waits for what they
// find: an error would cancel those of the same order, which then prove nothing.
func (c *Client) permittedTry(ctx context.Context, id string) (Item, error) {
	for {
		item, err := c.breaker.Execute(func() (Item, error) { return c.try(ctx, id) })
		if !errors.Is(err, gobreaker.ErrTooManyRequests) || !sleep(ctx, pause(1)) {
			return item, err
		}
	}
}

func (c *Client) try(ctx context.Context, id string) (Item, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/items/"+url.PathEscape(id), nil)
	if err != nil {
		return Item{}, err
	}
	jsonapi.ForwardRequestID(request)
	answer, err := c.http.Do(request)
	if err != nil {
		return Item{}, noAnswer(ctx, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return Item{}, noAnswer(ctx, err)
	}
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return Item{}, errNoItem
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= http.StatusInternalServerError:
		return Item{}, transient{fmt.Errorf("it answered %s", answer.Status)}
	case answer.StatusCode != http.StatusOK:
		return Item{}, fmt.Errorf("it answered %s", answer.Status)
	}
	var item Item
	if err := json.Unmarshal(body, &item); err != nil {
		return Item{}, fmt.Errorf("reading its answer: %w", err)
	}
	if err := item.validate(id); err != nil {
		// It is not wrapped: an *invalid.Error would tell the client that the order is wrong.
		return Item{}, fmt.Errorf("reading its answer: %v", err)
	}
	return item, nil
}

// validate compares what is taken from the item with the schema Item of the catalog's openapi.yaml.
func (i Item) validate(id string) error {
	if i.ID != id {
		return fmt.Errorf("id: is %q, and not the one that was asked for", i.ID)
	}
	if err := invalid.Required("name", i.Name); err != nil {
		return err
	}
	if err := invalid.Text("name", i.Name, maxName, ""); err != nil {
		return err
	}
	return invalid.Number("priceCents", i.PriceCents, 0, order.MaxPriceCents)
}

// noAnswer is the error of a try that got no answer. net/http returns the cause of a cancellation alone, such as the
// error of another lookup of the order: the circuit breaker has to see that it was one.
func noAnswer(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		err = fmt.Errorf("%w: %w", context.Canceled, err)
	}
	return transient{err}
}
