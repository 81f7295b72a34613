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
	"google.golang.org/protobuf/types/known/structpb"

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
	for _, printed := range []string{
		"go: dial tcp: lookup proxy.golang.org: no such host",
		"curl: (7) Failed to connect to 10.0.0.1 port 443 after 3 ms",
		"pip: Connection refused",
		"wget: Connection timed out",
	} {
		t.Run(printed, func(t *testing.T) {
			s := newStandIn(t, engineThat(t, `{"stream": "Step 4/4 : COPY hello /hello\n"}`+
				`{"stream": "`+printed+`\n"}`+failedCommand), "IMMUTABLE")
			_, err := s.create(classic(imageInputs(service(t), "1")), false)
			require.NoError(t, err)
			require.Len(t, s.logs, 1)
			require.Contains(t, s.logs[0], "WARNING offline: image not built")
			require.Contains(t, s.logs[0], "failed at line 4, COPY hello /hello; a server could not be reached: ")
			require.Contains(t, s.logs[0], "name mirrors in images.args, such as BUILD_IMAGE")
			require.Contains(t, s.logs[0], printed)
		})
	}
}

func TestACommandThatFailsOtherwiseFailsTheImage(t *testing.T) {
	s := newStandIn(t, engineThat(t, `{"stream": "main.go:3: undefined: x\n"}`+failedCommand), "IMMUTABLE")
	_, err := s.create(classic(imageInputs(service(t), "1")), false)
	require.ErrorContains(t, err, "undefined: x")
	require.Empty(t, s.logs)
}

// unreachableBase is the end of a build whose base image no registry in reach has.
const unreachableBase = `{"error": "failed to do request: Head \"https://registry-1.docker.io/v2/\": ` +
	`dial tcp: lookup registry-1.docker.io: no such host"}`

func TestWhatCouldNotBeBuiltIsBuiltOnceItCanBe(t *testing.T) {
	for name, test := range map[string]struct {
		first, then         string // what the engine reports, and nothing without an engine
		online, mirror, due bool
	}{
		"still no engine":                           {due: false},
		"there is an engine":                        {then: "built", due: true},
		"the engine had no network":                 {first: unreachableBase, then: "built", due: false},
		"the engine had no network, and there is":   {first: unreachableBase, then: "built", online: true, due: true},
		"the engine had no network, and is gone":    {first: unreachableBase, online: true, due: false},
		"the engine had no network, and has mirror": {first: unreachableBase, then: "built", mirror: true, due: true},
	} {
		t.Run(name, func(t *testing.T) {
			engine := func(report string) string {
				if report == "" {
					return noEngine
				}
				return engineThat(t, report)
			}
			s := newStandIn(t, engine(test.first), "IMMUTABLE")
			s.online = func(context.Context) bool { return test.online }
			dir := service(t)
			state, err := s.create(classic(imageInputs(dir, "1")), false)
			require.NoError(t, err)
			require.Contains(t, s.logs[0], "image not built")
			s.host = engine(test.then)
			news := classic(imageInputs(dir, "1"))
			if test.mirror {
				news["build"].ObjectValue()["args"].ObjectValue()["GOPROXY"] = resource.NewProperty("http://mirror")
			}
			changes := s.diffOf(state, classic(imageInputs(dir, "1")), news).GetChanges()
			require.Equal(t, test.due, changes == pulumirpc.DiffResponse_DIFF_SOME)

			target := repository{region: "eu-west-1", name: "shop/orders", url: repositoryURL}
			require.NoError(t, target.record(t.Context(), s.world, "1", "sha256:built", 5), "no image has the tag")
			changes = s.diffOf(state, news, news).GetChanges()
			require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, changes, "it is built")
			require.ErrorIs(t, target.record(t.Context(), s.world, "1", "sha256:other", 5), errTagExists)
			images, err := s.world.Images(t.Context(), repositoryURL)
			require.NoError(t, err)
			require.Contains(t, images, world.Image{
				Repository: repositoryURL, Tag: "1", Digest: "sha256:built", Size: 5,
				Pushed: images[len(images)-1].Pushed,
			})
		})
	}
}

func TestWhatIsNotInTheStateIsBuiltOverWhatCouldNotBeBuilt(t *testing.T) {
	s := newStandIn(t, noEngine, "IMMUTABLE")
	inputs := classic(imageInputs(service(t), "1"))
	_, err := s.create(inputs, false)
	require.NoError(t, err, "its run is killed before the state is written")
	s.host = engineThat(t, unreachableBase)
	_, err = s.create(inputs, false)
	require.NoError(t, err, "there is an engine, and no network")
	target := repository{region: "eu-west-1", name: "shop/orders", url: repositoryURL}
	require.NoError(t, target.record(t.Context(), s.world, "1", "sha256:built", 5))
	_, err = s.create(inputs, false)
	require.ErrorIs(t, err, errTagExists)
}

func TestAnotherEngineIsAnUpdateOfTheProvider(t *testing.T) {
	for host, want := range map[string]pulumirpc.DiffResponse_DiffChanges{
		noEngine:            pulumirpc.DiffResponse_DIFF_NONE,
		"unix:///run/other": pulumirpc.DiffResponse_DIFF_SOME,
	} {
		config := func(host string) *structpb.Struct {
			return marshalled(t, resource.PropertyMap{"host": resource.NewProperty(host)})
		}
		response, err := newStandIn(t, noEngine, "IMMUTABLE").DiffConfig(t.Context(), &pulumirpc.DiffRequest{
			OldInputs: config(noEngine), News: config(host),
		})
		require.NoError(t, err)
		require.Equal(t, want, response.GetChanges())
		require.Empty(t, response.GetReplaces())
	}
}

func TestWhatStillCannotBeBuiltKeepsItsDigest(t *testing.T) {
	s := newStandIn(t, noEngine, "IMMUTABLE")
	inputs := classic(imageInputs(service(t), "1"))
	before, err := s.create(inputs, false)
	require.NoError(t, err)
	s.host = engineThat(t, unreachableBase)
	s.online = func(context.Context) bool { return false }
	checked, _ := s.check(inputs)
	properties := marshalled(t, checked)
	updated, err := s.Update(t.Context(), &pulumirpc.UpdateRequest{
		Urn: imageURN, Olds: marshalled(t, before), OldInputs: properties, News: properties,
	})
	require.NoError(t, err, "the engine has no network")
	after := unmarshalled(t, updated.GetProperties())
	require.Equal(t, before["repoDigest"], after["repoDigest"])
	require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, s.diffOf(after, inputs, inputs).GetChanges(), "it waits")
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
