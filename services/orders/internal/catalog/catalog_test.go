package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/awslab/awslab/services/internal/invalid"
	"github.com/awslab/awslab/services/internal/openapitest"
	"github.com/awslab/awslab/services/internal/telemetry/telemetrytest"
	"github.com/awslab/awslab/services/orders/internal/order"
)

const lamp, chair = "LAMPLAMPLAMPLAMPLAMPLAMPLA", "CHAIRCHAIRCHAIRCHAIRCHAIRC"

// answers are those of a catalog, in place of the network. n is 1 for the first request.
type answers func(n int, r *http.Request) (status int, body string, err error)

func (a answers) client(t *testing.T) (*Client, *atomic.Int32) {
	var asked atomic.Int32
	client, err := newClient("http://catalog:8080/", roundTrip(func(r *http.Request) (*http.Response, error) {
		status, body, err := a(int(asked.Add(1)), r)
		if err != nil {
			return nil, err
		}
		return &http.Response{
			StatusCode: status,
			Status:     fmt.Sprint(status),
			Header:     http.Header{"Location": {"http://elsewhere/"}},
			Body:       io.NopCloser(strings.NewReader(body)),
		}, nil
	}))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client, &asked
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const lampItem = `{"id": "` + lamp + `", "version": 1, "name": "brass lamp", "description": "", "priceCents": 4200,
	"createdAt": "2026-01-02T03:04:05Z"}`

func itIsThere(int, *http.Request) (int, string, error) { return http.StatusOK, lampItem, nil }

func number(n int64) *int64 { return &n }

func draftOf(lines ...order.DraftLine) order.Draft { return order.Draft{Customer: "Ada", Lines: lines} }

// What the other tests take for the catalog's answers agrees with its document.
func TestTheCatalogAnswersLikeThis(t *testing.T) {
	document := openapitest.New("../../../catalog/openapi.yaml")
	for status, body := range map[int]string{
		http.StatusOK:                 lampItem,
		http.StatusNotFound:           `{"error": {"code": "not_found", "message": "no item has this id"}}`,
		http.StatusServiceUnavailable: `{"error": {"code": "store_unreachable", "message": "try again"}}`,
	} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		document.Send(t.Context(), t, handler, http.MethodGet, "/items/"+lamp, "")
		client, err := New(server.URL)
		require.NoError(t, err)
		t.Cleanup(client.Close)
		_, err = client.Item(t.Context(), lamp)
		assert.Equal(t, status == http.StatusOK, err == nil)
		assert.Equal(t, status == http.StatusNotFound, errors.Is(err, errNoItem))
		assert.Equal(t, status == http.StatusServiceUnavailable, errors.Is(err, ErrUnavailable))
	}
}

func TestPriceTakesNamesAndPricesOfTheCatalog(t *testing.T) {
	client, _ := answers(func(_ int, r *http.Request) (int, string, error) {
		assert.Equal(t, http.MethodGet, r.Method)
		switch r.URL.String() {
		case "http://catalog:8080/items/" + lamp:
			return http.StatusOK, lampItem, nil
		case "http://catalog:8080/items/" + chair:
			return http.StatusOK, `{"id": "` + chair + `", "name": "chair", "priceCents": 0}`, nil
		}
		return http.StatusNotFound, "", nil
	}).client(t)
	draft := draftOf(
		order.DraftLine{Item: lamp, Quantity: number(2)},
		order.DraftLine{Item: chair, Quantity: number(1), PriceCents: number(0)},
	)
	priced, err := client.Price(t.Context(), draft)
	require.NoError(t, err)
	assert.Equal(t, draftOf(
		order.DraftLine{Item: lamp, Quantity: number(2), PriceCents: number(4200), Name: "brass lamp"},
		order.DraftLine{Item: chair, Quantity: number(1), PriceCents: number(0), Name: "chair"},
	), priced)
	assert.Nil(t, draft.Lines[0].PriceCents, "the client's draft stays as it is")
}

func TestPriceRefusesWhatTheCatalogDoesNotHave(t *testing.T) {
	for name, tc := range map[string]struct {
		line order.DraftLine
		want string
	}{
		"an item that is gone":      {order.DraftLine{Item: chair}, "lines[1].item: is not in the catalog"},
		"a text that names no item": {order.DraftLine{Item: "../items"}, "lines[1].item: is not in the catalog"},
		"a price of another day": {
			order.DraftLine{Item: lamp, PriceCents: number(1)},
			"lines[1].priceCents: is 1, but the item costs 4200 now",
		},
		"no price": {order.DraftLine{Item: lamp}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := answers(func(_ int, r *http.Request) (int, string, error) {
				if strings.HasSuffix(r.URL.Path, lamp) {
					return http.StatusOK, lampItem, nil
				}
				return http.StatusNotFound, `{"error": {"code": "not_found"}}`, nil
			}).client(t)
			_, err := client.Price(t.Context(), draftOf(order.DraftLine{Item: lamp}, tc.line))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			wrong := new(invalid.Error)
			require.ErrorAs(t, err, &wrong)
			assert.EqualError(t, wrong, tc.want)
		})
	}
}

func TestATryThatFailedIsRepeated(t *testing.T) {
	for name, first := range map[string]answers{
		"refused":     func(int, *http.Request) (int, string, error) { return 0, "", errors.New("connection refused") },
		"throttled":   func(int, *http.Request) (int, string, error) { return http.StatusTooManyRequests, "", nil },
		"failed":      func(int, *http.Request) (int, string, error) { return http.StatusInternalServerError, "", nil },
		"unavailable": func(int, *http.Request) (int, string, error) { return http.StatusServiceUnavailable, "", nil },
		"slow": func(_ int, r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				client, asked := answers(func(n int, r *http.Request) (int, string, error) {
					if n < maxTries {
						return first(n, r)
					}
					return itIsThere(n, r)
				}).client(t)
				item, err := client.Item(t.Context(), lamp)
				require.NoError(t, err)
				assert.Equal(t, Item{ID: lamp, Name: "brass lamp", PriceCents: number(4200)}, item)
				assert.EqualValues(t, maxTries, asked.Load())
				assert.Less(t, time.Since(start), 2*tryTimeout+200*time.Millisecond)
			})
		})
	}
}

func TestWhatAnotherTryDoesNotMendIsNotRepeated(t *testing.T) {
	for status, body := range map[int]string{
		http.StatusNotFound:   "",
		http.StatusBadRequest: "",
		http.StatusFound:      "", // and not followed
		http.StatusOK:         "no JSON",
	} {
		client, asked := answers(func(int, *http.Request) (int, string, error) { return status, body, nil }).client(t)
		_, err := client.Item(t.Context(), lamp)
		require.ErrorContains(t, err, `looking up item "`+lamp+`"`)
		require.NotErrorIs(t, err, ErrUnavailable)
		assert.EqualValues(t, 1, asked.Load(), status)
	}
}

// Whatever answers at the catalog's URL, such as a health check, no order is taken at a price that it does not name.
func TestAnAnswerThatIsNotTheItemIsAnError(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(lampItem, old, new, 1) }
	for want, body := range map[string]string{
		`id: is "", and not the one that was asked for`:              `{"status": "ok"}`,
		`id: is "` + chair + `", and not the one that was asked for`: with(lamp, chair),
		"name: is required": with("brass lamp", " "),
		"name: has 201 characters; at most 200 are allowed":    with("brass lamp", strings.Repeat("l", 201)),
		"priceCents: is required":                              with(`"priceCents"`, `"price"`),
		"priceCents: is -1; allowed are 0 to 100000000":        with("4200", "-1"),
		"priceCents: is 100000001; allowed are 0 to 100000000": with("4200", "100000001"),
	} {
		t.Run(want, func(t *testing.T) {
			client, _ := answers(func(int, *http.Request) (int, string, error) {
				return http.StatusOK, body, nil
			}).client(t)
			_, err := client.Price(t.Context(), draftOf(order.DraftLine{Item: lamp}))
			require.ErrorContains(t, err, `looking up item "`+lamp+`": reading its answer: `+want)
			assert.NotErrorAs(t, err, new(*invalid.Error), "it is not the client's fault")
		})
	}
}

func TestACatalogThatStaysOutOfReachIsUnavailable(t *testing.T) {
	client, asked := answers(func(int, *http.Request) (int, string, error) {
		return 0, "", errors.New("connection refused")
	}).client(t)
	_, err := client.Price(t.Context(), draftOf(order.DraftLine{Item: lamp}))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
	assert.EqualValues(t, maxTries, asked.Load())
}

func TestTheTimeOfTheRequestEndsTheTries(t *testing.T) {
	hangs := answers(func(_ int, r *http.Request) (int, string, error) {
		<-r.Context().Done()
		return 0, "", r.Context().Err()
	})
	synctest.Test(t, func(t *testing.T) {
		client, _ := hangs.client(t)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := client.Item(ctx, lamp)
		require.ErrorIs(t, err, ErrUnavailable)
		assert.Equal(t, 300*time.Millisecond, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		client, asked := hangs.client(t)
		for range 2 * minTries {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := client.Item(ctx, lamp)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, ErrUnavailable)
		}
		assert.EqualValues(t, 2*minTries, asked.Load())
		assert.Equal(t, gobreaker.StateClosed, client.State(), "a client that goes away says nothing of the catalog")
	})
}

// An order with an unknown item ends its other lookups. net/http returns why they were, and not context.Canceled.
func TestLookupsThatAreNotNeededSayNothingOfTheCatalog(t *testing.T) {
	var others sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, lamp) {
			others.Wait()
			http.NotFound(w, r)
			return
		}
		others.Done()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client, err := New(server.URL)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	lines := []order.DraftLine{{Item: lamp}}
	for len(lines) < maxLookups {
		lines = append(lines, order.DraftLine{Item: chair})
	}
	for range minTries {
		others.Add(len(lines) - 1)
		_, err := client.Price(t.Context(), draftOf(lines...))
		require.ErrorAs(t, err, new(*invalid.Error))
		require.Equal(t, gobreaker.StateClosed, client.State())
	}
}

func TestRetriesStayWithinTheirBudget(t *testing.T) {
	const lookups = 1000
	synctest.Test(t, func(t *testing.T) {
		client, asked := answers(func(n int, r *http.Request) (int, string, error) {
			if n%5 < 2 {
				return http.StatusServiceUnavailable, "", nil
			}
			return itIsThere(n, r)
		}).client(t)
		for range lookups {
			_, _ = client.Item(t.Context(), lamp)
		}
		retries := int(asked.Load()) - lookups
		assert.InDelta(t, lookups*budgetShare+budgetMax, retries, 1)
	})
}

func TestTheBreakerSparesACatalogThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isUp, gauges := false, telemetrytest.Values(t)
		client, asked := answers(func(n int, r *http.Request) (int, string, error) {
			if isUp {
				return itIsThere(n, r)
			}
			return http.StatusServiceUnavailable, "", nil
		}).client(t)
		for client.State() != gobreaker.StateOpen {
			require.LessOrEqual(t, asked.Load(), int32(minTries))
			_, err := client.Item(t.Context(), lamp)
			require.ErrorIs(t, err, ErrUnavailable)
		}
		assert.EqualValues(t, gobreaker.StateOpen, gauges()["orders.catalog.breaker.state"][*attribute.EmptySet()])
		before := asked.Load()
		start := time.Now()
		_, err := client.Item(t.Context(), lamp)
		require.ErrorIs(t, err, ErrUnavailable)
		assert.Equal(t, before, asked.Load(), "no request is made")
		assert.Zero(t, time.Since(start), "and nobody waits")

		time.Sleep(openFor + time.Millisecond)
		_, err = client.Item(t.Context(), lamp)
		require.ErrorIs(t, err, ErrUnavailable)
		assert.Equal(t, before+1, asked.Load(), "one probe is enough to stay open")

		isUp = true
		time.Sleep(openFor + time.Millisecond)
		for range probes {
			_, err = client.Item(t.Context(), lamp)
			require.NoError(t, err)
		}
		assert.EqualValues(t, gobreaker.StateClosed, gauges()["orders.catalog.breaker.state"][*attribute.EmptySet()])
	})
}

// An order may need more lookups than the breaker lets pass to find out whether the catalog is there again.
func TestALargeOrderFindsTheCatalogThereAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := func(*http.Request) (int, string, error) { return http.StatusServiceUnavailable, "", nil }
		client, asked := answers(func(_ int, r *http.Request) (int, string, error) { return answer(r) }).client(t)
		for client.State() != gobreaker.StateOpen {
			_, err := client.Item(t.Context(), lamp)
			require.ErrorIs(t, err, ErrUnavailable)
		}
		time.Sleep(openFor + time.Millisecond)
		before := asked.Load()
		client.budget.tokens = 0
		answer = func(r *http.Request) (int, string, error) {
			select {
			case <-r.Context().Done():
				return 0, "", context.Cause(r.Context()) // as an http.Transport does
			case <-time.After(tryTimeout / 2):
				return http.StatusOK, lampItem, nil
			}
		}
		lines := make([]order.DraftLine, probes+2)
		for i := range lines {
			lines[i].Item = lamp
		}
		hasNoTime, cancel := context.WithTimeout(t.Context(), tryTimeout/4)
		defer cancel()
		_, err := client.Price(hasNoTime, draftOf(lines...))
		require.ErrorIs(t, err, ErrUnavailable)

		time.Sleep(openFor + time.Millisecond)
		_, err = client.Price(t.Context(), draftOf(lines...))
		require.NoError(t, err)
		assert.Equal(t, before+int32(probes+len(lines)), asked.Load())
		assert.Equal(t, gobreaker.StateClosed, client.State())
	})
}

func TestTheCatalogIsToldTheTrace(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator()) })
	var got string
	client, _ := answers(func(n int, r *http.Request) (int, string, error) {
		got = r.Header.Get("Traceparent")
		return itIsThere(n, r)
	}).client(t)
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	})
	_, err := client.Item(trace.ContextWithSpanContext(t.Context(), span), lamp)
	require.NoError(t, err)
	assert.Contains(t, got, span.TraceID().String())
}
