// Package callertest stands in for AWS STS and IAM in tests of what awslab asks of AWS itself: who calls, and what the
// caller may do.
package callertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Account is that of the caller.
const Account = "123456789012"

// Server answers GetCallerIdentity and AssumeRole, and GetRole and SimulatePrincipalPolicy.
type Server struct {
	URL string

	mutex    sync.Mutex
	refusal  string
	hidden   bool
	denied   []string
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

// Hide has it refuse to say what the caller may do.
func (s *Server) Hide() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.hidden = true
}

// Deny has no policy of the caller allow these actions from now on. Every other is allowed.
func (s *Server) Deny(actions ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.denied = actions
}

// Requests returns the bodies of all requests.
func (s *Server) Requests() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string{}, s.requests...)
}

// ServeHTTP answers as the Query APIs of AWS STS and IAM do. Whoever has the access key "of a role" has assumed one.
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
		refuse(w, s.refusal)
	case r.PostForm.Get("Action") == "AssumeRole":
		_, _ = fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>of a role</AccessKeyId>`+
			`<SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken><Expiration>2100-01-01T00:00:00Z`+
			`</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	case r.PostForm.Get("Action") == "GetRole":
		_, _ = fmt.Fprintf(w, `<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::%s:role/%s</Arn></Role>`+
			`</GetRoleResult></GetRoleResponse>`, Account, r.PostForm.Get("RoleName"))
	case r.PostForm.Get("Action") == "SimulatePrincipalPolicy" && s.hidden:
		refuse(w, "AccessDenied")
	case r.PostForm.Get("Action") == "SimulatePrincipalPolicy":
		_, _ = fmt.Fprintf(w, `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>%s`+
			`</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
			s.simulate(members(r.PostForm, "ActionNames"), members(r.PostForm, "ResourceArns")))
	default:
		_, _ = fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><Account>%s</Account>`+
			`</GetCallerIdentityResult></GetCallerIdentityResponse>`, arn, Account)
	}
}

func refuse(w http.ResponseWriter, code string) {
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>of this test</Message></Error>`+
		`</ErrorResponse>`, code)
}

// members returns a list of a request of the Query API.
func members(form url.Values, name string) (list []string) {
	for i := 1; form.Has(fmt.Sprintf("%s.member.%d", name, i)); i++ {
		list = append(list, form.Get(fmt.Sprintf("%s.member.%d", name, i)))
	}
	return list
}

// simulate returns the members of the results: one for each action, with a decision for each resource.
func (s *Server) simulate(actions, resources []string) string {
	var text strings.Builder
	for _, action := range actions {
		decision := "allowed"
		if slices.Contains(s.denied, action) {
			decision = "implicitDeny"
		}
		_, _ = fmt.Fprintf(&text, `<member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision>`+
			`<ResourceSpecificResults>`, action, decision)
		for _, resource := range resources {
			_, _ = fmt.Fprintf(&text, `<member><EvalResourceName>%s</EvalResourceName><EvalResourceDecision>%s`+
				`</EvalResourceDecision></member>`, resource, decision)
		}
		text.WriteString(`</ResourceSpecificResults></member>`)
	}
	return text.String()
}
