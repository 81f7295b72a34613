// Package picture keeps one picture of each item in an S3 bucket. Clients send and fetch the pictures themselves, with
// presigned URLs: their bytes do not pass through the service.
package picture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/awslab/awslab/services/catalog/internal/awsclient"
	"github.com/awslab/awslab/services/internal/invalid"
)

const (
	// MaxSize is the greatest size of a picture in bytes. It is the catalog's own.
	MaxSize = 5 << 20
	// URLLifetime is how long a presigned URL is valid. A URL that is signed with the credentials of a task role ends
	// with them, if that is sooner.
	URLLifetime = 5 * time.Minute
)

// contentTypes are the media types that a picture may have.
var contentTypes = []string{"image/png", "image/jpeg", "image/webp"}

// What a Store returns when it cannot do what was asked for.
var (
	ErrNotFound    = errors.New("no such picture")
	ErrUnavailable = errors.New("the bucket cannot be reached")
)

// Draft is a picture as a client announces it.
type Draft struct {
	ContentType string `json:"contentType"` // required; image/png, image/jpeg or image/webp
	Size        *int64 `json:"size"`        // required; 1 to MaxSize bytes; a pointer, to tell zero from forgotten
}

// Validate returns an *invalid.Error for the first field that is wrong, or nil.
func (d Draft) Validate() error {
	if err := invalid.Required("contentType", d.ContentType); err != nil {
		return err
	}
	if !slices.Contains(contentTypes, d.ContentType) {
		return &invalid.Error{Field: "contentType", Message: "is not one of " + strings.Join(contentTypes, ", ")}
	}
	return invalid.Number("size", d.Size, 1, MaxSize)
}

// Upload is a request by which a client sends a picture to S3. Who has it can send that picture until it expires.
type Upload struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"` // to be sent as they are, or S3 refuses the request
	Expires time.Time         `json:"expires"` // UTC
}

// Store keeps pictures in a bucket, with keys such as pictures/<id of the item>.
type Store struct {
	client    *s3.Client
	presigner *s3.PresignClient
	bucket    string
}

// New returns a store in the bucket with the name. It sends no request.
func New(client *s3.Client, bucket string) *Store {
	return &Store{client: client, presigner: s3.NewPresignClient(client), bucket: bucket}
}

func key(id string) *string { return aws.String("pictures/" + id) }

// Upload returns a request that replaces the picture of an item. It is signed together with the content type and the
// size in the draft, which is a valid one, so that S3 accepts no others. It sends no request itself.
func (s *Store) Upload(ctx context.Context, id string, draft Draft) (Upload, error) {
	expires := time.Now().Add(URLLifetime).UTC().Truncate(time.Second)
	signed, err := s.presigner.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket:        &s.bucket,
		Key:           key(id),
		ContentType:   &draft.ContentType,
		ContentLength: draft.Size,
	}, s3.WithPresignExpires(URLLifetime))
	if err != nil {
		return Upload{}, wrap("presigning the upload of picture "+id, err)
	}
	headers := map[string]string{}
	for name := range signed.SignedHeader {
		if http.CanonicalHeaderKey(name) != "Host" { // which a client sends anyway
			headers[http.CanonicalHeaderKey(name)] = signed.SignedHeader.Get(name)
		}
	}
	return Upload{Method: signed.Method, URL: signed.URL, Headers: headers, Expires: expires}, nil
}

// URL returns a URL from which the picture of an item can be fetched for URLLifetime, or ErrNotFound if the item has
// none.
func (s *Store) URL(ctx context.Context, id string) (string, error) {
	_, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: key(id)})
	if missing := new(types.NotFound); errors.As(err, &missing) {
		return "", fmt.Errorf("looking for picture %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return "", wrap("looking for picture "+id, err)
	}
	signed, err := s.presigner.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: key(id)},
		s3.WithPresignExpires(URLLifetime))
	if err != nil {
		return "", wrap("presigning the URL of picture "+id, err)
	}
	return signed.URL, nil
}

// Delete deletes the picture of an item, if it has one.
func (s *Store) Delete(ctx context.Context, id string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: key(id)})
	if err != nil {
		return wrap("deleting picture "+id, err)
	}
	return nil
}

// wrap says what was attempted, and which errors pass by themselves.
func wrap(attempted string, err error) error {
	if awsclient.IsUnavailable(err) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}
