package api

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// etag returns the entity tag of an item: its version in quotes.
func etag(i item.Item) string { return `"` + strconv.FormatInt(i.Version, 10) + `"` }

// acceptableTag has few enough digits for an int64.
var acceptableTag = regexp.MustCompile(`^"([1-9][0-9]{0,17})"$`)

// ifMatch reads the version that a request is to change. It takes no list and no *, with which a client would overwrite
// what it has not seen.
func ifMatch(r *http.Request) (version int64, problem *jsonapi.Error) {
	tags := r.Header.Values("If-Match")
	if len(tags) == 0 {
		return 0, &jsonapi.Error{
			Status:  http.StatusPreconditionRequired,
			Code:    "precondition_required",
			Field:   "If-Match",
			Message: "is required; it is the ETag of the item that is to be changed",
		}
	}
	if len(tags) == 1 {
		if match := acceptableTag.FindStringSubmatch(tags[0]); match != nil {
			version, err := strconv.ParseInt(match[1], 10, 64)
			if err == nil {
				return version, nil
			}
		}
	}
	return 0, &jsonapi.Error{
		Status:  http.StatusBadRequest,
		Code:    "invalid_header",
		Field:   "If-Match",
		Message: `must be given once, with the ETag of the item, such as "1" with its quotes`,
	}
}

// noneMatch reports whether the header If-None-Match, a list of entity tags or *, leaves the tag out. Weak tags count
// as strong ones (RFC 9110, section 13.1.2).
func noneMatch(r *http.Request, tag string) bool {
	for _, given := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		given = strings.TrimPrefix(strings.TrimSpace(given), "W/")
		if given == tag || given == "*" {
			return false
		}
	}
	return true
}
