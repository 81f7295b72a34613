// Package dynamotest runs a DynamoDB for a test: minidyn, which speaks the protocol of the SDK, in the test's process,
// or AWS's own DynamoDB Local beside it.
package dynamotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"github.com/truora/minidyn/server"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
)

// Start runs a DynamoDB without tables until the test ends, and returns its URL. Each handler of between is given what
// sends a request on, and answers requests instead.
func Start(t testing.TB, between ...func(next http.Handler) http.Handler) (url string) {
	t.Helper()
	var handler http.Handler
	if folder := os.Getenv(LocalVariable); folder != "" {
		handler = startLocal(t, folder)
	} else {
		handler = &mended{minidyn: server.NewServer()}
	}
	for _, wrap := range between {
		handler = wrap(handler)
	}
	running := httptest.NewServer(handler)
	t.Cleanup(running.Close)
	return running.URL
}

// Environment is what leads a service to the DynamoDB with the URL.
func Environment(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": url,
		"AWS_REGION":                "eu-west-1",
		"AWS_ACCESS_KEY_ID":         "test",
		"AWS_SECRET_ACCESS_KEY":     "secret-of-the-test",
	}
}

// Client returns a client of the DynamoDB with the URL, configured as the service configures its own.
func Client(t testing.TB, url string) *dynamodb.Client {
	t.Helper()
	loaded, err := awsclient.Load(context.Background(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, err)
	return dynamodb.NewFromConfig(loaded, func(o *dynamodb.Options) {
		o.BaseEndpoint = &url
		o.Region = "eu-west-1"
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})
	})
}

// NewTable creates a table as the stack does and returns its name.
func NewTable(t require.TestingT, client *dynamodb.Client) string {
	name := "items-" + rand.Text()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	require.NoError(t, err)
	return name
}

// mended makes up for three differences between minidyn 0.8.2 and DynamoDB:
//   - A scan that starts after a key which no item has returns nothing. DynamoDB goes on at the key's place.
//   - PutItem and DeleteItem ignore ReturnValuesOnConditionCheckFailure.
//   - Answers have no checksum, which the SDK warns of.
//
// It serves one request at a time, as minidyn does itself, so that its own requests see the table unchanged.
type mended struct {
	mu      sync.Mutex
	minidyn http.Handler
}

type (
	// attributes are those of an item, or a key.
	attributes map[string]map[string]any
	request    map[string]json.RawMessage
)

func (m *mended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	var asked request
	if err := json.Unmarshal(body, &asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if start, ok := asked["ExclusiveStartKey"]; ok && operation == "Scan" {
		if before := m.lastKeyUpTo(asked["TableName"], start); before == nil {
			delete(asked, "ExclusiveStartKey")
		} else {
			asked["ExclusiveStartKey"] = before
		}
	}
	answer := m.ask(operation, asked)
	if answer.Code == http.StatusBadRequest && string(asked["ReturnValuesOnConditionCheckFailure"]) == `"ALL_OLD"` {
		m.addItem(operation, asked, answer)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(answer.Body.Bytes())))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (m *mended) ask(operation string, asked request) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(encode(asked)))
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	w := httptest.NewRecorder()
	m.minidyn.ServeHTTP(w, r)
	return w
}

// lastKeyUpTo returns the key of the last item that minidyn, which sorts items by their key, has up to a key, or nil.
func (m *mended) lastKeyUpTo(table, start json.RawMessage) json.RawMessage {
	var answer struct{ Items []attributes }
	decode(m.ask("Scan", request{"TableName": table}).Body.Bytes(), &answer)
	var key attributes
	decode(start, &key)
	for _, found := range slices.Backward(answer.Items) {
		if found["id"]["S"].(string) <= key["id"]["S"].(string) {
			return encode(attributes{"id": found["id"]})
		}
	}
	return nil
}

// addItem adds the item that failed a condition to the answer that says so.
func (m *mended) addItem(operation string, asked request, answer *httptest.ResponseRecorder) {
	var refusal map[string]any
	decode(answer.Body.Bytes(), &refusal)
	if refusal["__type"] != "ConditionalCheckFailedException" || refusal["Item"] != nil {
		return
	}
	key := asked["Key"]
	if operation == "PutItem" {
		var put attributes
		decode(asked["Item"], &put)
		key = encode(attributes{"id": put["id"]})
	}
	var found map[string]any
	decode(m.ask("GetItem", request{"TableName": asked["TableName"], "Key": key}).Body.Bytes(), &found)
	if found["Item"] == nil {
		return
	}
	refusal["Item"] = found["Item"]
	answer.Body.Reset()
	answer.Body.Write(encode(refusal))
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func decode(text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		panic(err)
	}
}
