// Package environ decides which environment variables the engine, and so its plugins, inherit. Everything else in the
// environment of the embedding process, such as a token of its CI, is none of their business.
package environ

import (
	"slices"
	"strings"
)

// names are variables that are inherited by their names.
var names = []string{
	// of the system: where things are, and in which language messages are
	"HOME", "PATH", "USER", "LOGNAME", "HOSTNAME", "TMPDIR", "TMP", "TEMP", "TZ", "LANG", "LANGUAGE",
	"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
	// of the network
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	// of Go, with which policy packs and programs are compiled (go help environment); not by the prefix GO, which
	// GOOGLE_CREDENTIALS has too
	"GOROOT", "GOPATH", "GOCACHE", "GOMODCACHE", "GOENV", "GOFLAGS", "GOWORK", "GOTOOLCHAIN", "GOOS", "GOARCH",
	"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH", "GOTMPDIR",
	"GOEXPERIMENT", "GODEBUG", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GOCOVERDIR", "GOTRACEBACK", "CGO_ENABLED",
	// of the aws provider, which is made from Terraform's
	"TF_LOG", "TF_APPEND_USER_AGENT",
}

// prefixes are those of variables that are inherited by families.
var prefixes = []string{"LC_", "AWS_", "PULUMI_", "DOCKER_", "BUILDKIT_", "BUILDX_"}

// ofSchemes are families that belong to one kind of backend or secrets provider, by its URL's scheme.
var ofSchemes = map[string][]string{
	"azblob":        {"AZURE_", "ARM_"},
	"azurekeyvault": {"AZURE_", "ARM_"},
	"gs":            {"GOOGLE_", "CLOUDSDK_"},
	"gcpkms":        {"GOOGLE_", "CLOUDSDK_"},
	"hashivault":    {"VAULT_"},
}

// Inherited returns those of the variables that the engine needs, with the backend and the secrets provider at these
// URLs.
func Inherited(environ []string, urls ...string) []string {
	families := slices.Clone(prefixes)
	for _, url := range urls {
		scheme, _, _ := strings.Cut(url, "://")
		families = append(families, ofSchemes[scheme]...)
	}
	var kept []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(names, name) ||
			slices.ContainsFunc(families, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// Without returns the variables but those whose names begin with one of the prefixes.
func Without(environ []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(entry, prefix) })
	})
}

// Value returns the value of a variable, the last one where there are several, as the operating system has it.
func Value(environ []string, name string) (value string, set bool) {
	for _, entry := range environ {
		if found, is := strings.CutPrefix(entry, name+"="); is {
			value, set = found, true
		}
	}
	return value, set
}
