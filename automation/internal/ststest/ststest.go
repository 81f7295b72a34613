// Package ststest stands in for AWS STS in tests of what awslab asks of AWS itself.
package ststest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Account is that of the caller.
const Account = "123456789012"

// Server answers GetCallerIdentity and AssumeRole.
type Server struct {
	URL string

	mutex    sync.Mutex
	refusal  string
	requests []string
}

// Start runs a server until the end of the test.
func Start(t testing.TB) *Server {
	s := &Server{}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	s.URL = listening.URL
	return s
}

// Refuse has it answer every request with an error code from now on.
func (s *Server) Refuse(code string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refusal = code
}

// Requests returns the bodies of all requests.
func (s *Server) Requests() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string{}, s.requests...)
}

// ServeHTTP answers as the Query API of AWS STS does. Whoever has the access key "of a role" has assumed one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_ = r.ParseForm()
	s.requests = append(s.requests, r.PostForm.Encode())
	w.Header().Set("Content-Type", "text/xml")
	arn := "arn:aws:iam::" + Account + ":user/tester"
	if strings.Contains(r.Header.Get("Authorization"), "Credential=of a role/") {
		arn = "arn:aws:sts::" + Account + ":assumed-role/deployer/x"
	}
	switch {
	case s.refusal != "":
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>of this test</Message></Error>`+
			`</ErrorResponse>`, s.refusal)
	case r.PostForm.Get("Action") == "AssumeRole":
		_, _ = fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>of a role</AccessKeyId>`+
			`<SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken><Expiration>2100-01-01T00:00:00Z`+
			`</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	default:
		_, _ = fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><Account>%s</Account>`+
			`</GetCallerIdentityResult></GetCallerIdentityResponse>`, arn, Account)
	}
}
