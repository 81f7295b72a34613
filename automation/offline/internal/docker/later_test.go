package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// engineThat returns the address of a Docker Engine whose builds end with what report writes.
func engineThat(t *testing.T, report string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		if strings.HasSuffix(r.URL.Path, "/build") {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, report)
		}
	}))
	t.Cleanup(server.Close)
	return "tcp://" + strings.TrimPrefix(server.URL, "http://")
}

// classic asks for the builder whose output is plain.
func classic(inputs resource.PropertyMap) resource.PropertyMap {
	inputs["build"].ObjectValue()["builderVersion"] = resource.NewProperty(classicBuilder)
	return inputs
}

const failedCommand = `{"error": "The command '/bin/sh -c go build' returned a non-zero code: 1"}` + "\n"

func TestACommandWithoutANetworkIsSaidAndTheRestComesUp(t *testing.T) {
	engine := engineThat(t, `{"stream": "go: dial tcp: lookup proxy.golang.org: no such host\n"}`+failedCommand)
	s := newStandIn(t, engine, "IMMUTABLE")
	_, err := s.create(classic(imageInputs(service(t), "1")), false)
	require.NoError(t, err)
	require.Len(t, s.logs, 1)
	require.Contains(t, s.logs[0], "WARNING offline: image not built")
	require.Contains(t, s.logs[0], "name mirrors in images.args, such as GOPROXY")
	require.Contains(t, s.logs[0], "lookup proxy.golang.org: no such host")
}

func TestACommandThatFailsOtherwiseFailsTheImage(t *testing.T) {
	s := newStandIn(t, engineThat(t, `{"stream": "main.go:3: undefined: x\n"}`+failedCommand), "IMMUTABLE")
	_, err := s.create(classic(imageInputs(service(t), "1")), false)
	require.ErrorContains(t, err, "undefined: x")
	require.Empty(t, s.logs)
}

func TestWhatCouldNotBeBuiltIsBuiltOnceItCanBe(t *testing.T) {
	s := newStandIn(t, "unix:///nowhere.sock", "IMMUTABLE")
	inputs := imageInputs(service(t), "1")
	_, err := s.create(inputs, false)
	require.NoError(t, err)
	require.Contains(t, s.logs[0], "no Docker Engine answers")
	checked, _ := s.check(inputs)
	changes := func() pulumirpc.DiffResponse_DiffChanges {
		properties := marshalled(t, checked)
		response, err := s.Diff(t.Context(), &pulumirpc.DiffRequest{OldInputs: properties, News: properties})
		require.NoError(t, err)
		return response.GetChanges()
	}
	online := false
	s.online = func(context.Context) bool { return online }
	require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, changes(), "there is no engine yet")
	s.host = engineThat(t, "")
	require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, changes(), "there is an engine, but no network")
	online = true
	require.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, changes(), "there are both")

	target := repository{region: "eu-west-1", name: "shop/orders", url: repositoryURL}
	require.NoError(t, target.record(t.Context(), s.world, "1", "sha256:built", 5), "the tag is not taken by an image")
	require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, changes(), "it is built")
	require.ErrorIs(t, target.record(t.Context(), s.world, "1", "sha256:other", 5), errTagExists)
	images, err := s.world.Images(t.Context(), repositoryURL)
	require.NoError(t, err)
	require.Contains(t, images, world.Image{
		Repository: repositoryURL, Tag: "1", Digest: "sha256:built", Size: 5, Pushed: images[len(images)-1].Pushed,
	})
}

// report encodes what BuildKit reports of a step.
func report(field protowire.Number, parts map[protowire.Number]string) json.RawMessage {
	var part []byte
	for number, text := range parts {
		part = protowire.AppendTag(part, number, protowire.BytesType)
		part = protowire.AppendString(part, text)
	}
	part = protowire.AppendTag(part, 9, protowire.VarintType) // a field of another kind
	part = protowire.AppendVarint(part, 1)
	message := protowire.AppendTag(nil, field, protowire.BytesType)
	message = protowire.AppendBytes(message, part)
	text, _ := json.Marshal(base64.StdEncoding.EncodeToString(message))
	return text
}

func TestBuildKitsReportsTellTheStepAndItsOutput(t *testing.T) {
	var reported trace
	for _, aux := range []json.RawMessage{
		report(statusVertexes, map[protowire.Number]string{vertexName: "[build 1/2] FROM golang"}),
		report(statusLogs, map[protowire.Number]string{logMessage: "no such host\n"}),
		report(statusVertexes, map[protowire.Number]string{
			vertexName: "[build 2/2] RUN go build", vertexError: "failed",
		}),
		json.RawMessage(`{"ID": "sha256:1"}`),
		json.RawMessage(`"bm9uc2Vuc2U="`),
	} {
		reported.add(aux)
	}
	require.Equal(t, "[build 2/2] RUN go build", reported.failed)
	require.Equal(t, "no such host\n", reported.output.String())
}
