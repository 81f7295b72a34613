package buildfailure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const dockerfile = `ARG BUILD_IMAGE=golang:1.26@sha256:abc
ARG TOOLS=registry.example.com/tools
FROM --platform=${BUILDPLATFORM} ${BUILD_IMAGE} AS build
RUN $SETUP
RUN --mount=type=cache,target=/go/pkg/mod GOARCH=${TARGETARCH} go build \
      -o /out/web .
FROM $TOOLS
COPY --from=build /out/web /web
`

func TestALineIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Dockerfile")
	require.NoError(t, os.WriteFile(path, []byte(dockerfile), 0o600))
	for name, test := range map[string]struct{ step, want string }{
		"none":      {"", "building web/Dockerfile failed; "},
		"unknown":   {"[2/3] RUN apk add curl", " failed at RUN apk add curl; "},
		"continued": {"[2/3] COPY --from=build  /out/web /web", " failed at line 8, COPY "},
		"with variables": {
			"[build 3/3] RUN --mount=type=cache,target=/go/pkg/mod GOARCH=arm64 go build       -o /out/web .",
			" failed at line 5, RUN --mount",
		},
		"of the classic builder": {"COPY --from=build /out/web /web", " failed at line 8, COPY "},
		"a base image": {
			"[internal] load metadata for docker.io/library/golang:1.26@sha256:abc",
			" failed at line 1, load metadata ",
		},
		"a base image without a tag": {
			"[internal] load metadata for registry.example.com/tools:latest", " failed at line 2, load metadata ",
		},
		"a base image that is pulled":         {"[1/2] FROM registry.example.com/tools", " failed at line 2, FROM "},
		"a base image that an argument names": {"[internal] load metadata for docker.io/a/b", " failed at line 3, "},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, Describe("web/Dockerfile", path, test.step, false), test.want)
		})
	}
	require.Equal(t, "building web/Dockerfile failed at RUN x; correct the Dockerfile or what it copies",
		Describe("web/Dockerfile", "nowhere", "[1/1] RUN x", false))
}

func TestTheStepThatFailed(t *testing.T) {
	for printed, want := range map[string]string{
		"#1 DONE\n------\n > [build 2/2] RUN go build .:\n------\n":                    "[build 2/2] RUN go build .",
		"Step 1/3 : FROM golang\n ---> 1\nStep 2/3 : RUN go build\nno required module": "RUN go build",

		"dockerfile parse error line 2: unknown instruction: RUNN":        "line 2: unknown instruction: RUNN",
		"ERROR: dockerfile parse error on line 2: FROM needs an argument": "line 2: FROM needs an argument",
		"target stage three could not be found": "the stage three, which image.target names and the Dockerfile " +
			"does not have",
		`failed to solve: target stage "a" could not be found`: "the stage a, which image.target names and the " +
			"Dockerfile does not have",
		"failed to solve: no build stage in current context": "",
	} {
		require.Equal(t, want, Step(printed))
	}
}

func TestNoNetwork(t *testing.T) {
	for printed, want := range map[string]bool{
		`Head "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host`: true,
		"curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server":       true,
		"curl: (28) Resolving timed out after 5000 milliseconds":                                       true,
		"curl: (6) Could not resolve host: example.com":                                                true,
		"curl: (28) Operation timed out after 9 milliseconds with 0 bytes received":                    true,
		"wget: bad address 'example.com'":                                                              true,
		"connect to 10.0.0.1 port 443 failed: Connection timed out":                                    true,
		"Connection to pypi.org timed out. (connect timeout=15)":                                       true,
		"Failed to establish a new connection: [Errno 111] Connection refused":                         true,
		"W: Failed to fetch x  Temporary failure resolving 'deb.debian.org'":                           true,
		"fetching https://dl-cdn.alpinelinux.org: temporary error (try again later)":                   true,
		"npm ERR! request to https://registry.npmjs.org failed, reason: getaddrinfo EAI_AGAIN":         true,
		"tls: failed to verify certificate: x509: certificate signed by unknown authority":             true,
		"main.go:3: undefined: x": false,
		"panic: test timed out":   false,
		"COPY failed: not found":  false,
	} {
		require.Equal(t, want, NoNetwork(printed), printed)
	}
}
