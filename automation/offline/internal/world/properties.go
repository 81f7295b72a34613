package world

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
)

// Keys under which values that JSON has no form for are written.
const (
	secretKey  = "$secret"
	assetKey   = "$asset"
	archiveKey = "$archive"
)

// SecretMarker stands in the world for a secret value. The value itself is only in the engine's encrypted state.
func SecretMarker() resource.PropertyValue {
	return resource.NewProperty(resource.PropertyMap{secretKey: resource.NewProperty(true)})
}

// IsSecretMarker reports whether a value read from the world stands for a secret.
func IsSecretMarker(v resource.PropertyValue) bool {
	if !v.IsObject() || len(v.ObjectValue()) != 1 {
		return false
	}
	_, is := v.ObjectValue()[secretKey]
	return is
}

func encode(properties resource.PropertyMap) (string, error) {
	plain, err := encodeObject(properties)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(plain)
	return string(text), err
}

func encodeObject(properties resource.PropertyMap) (map[string]any, error) {
	plain := make(map[string]any, len(properties))
	for name, value := range properties {
		encoded, err := encodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		plain[string(name)] = encoded
	}
	return plain, nil
}

func encodeValue(v resource.PropertyValue) (any, error) {
	switch {
	case v.IsSecret(), v.IsOutput() && v.OutputValue().Secret:
		return map[string]any{secretKey: true}, nil
	case v.IsOutput():
		if !v.OutputValue().Known {
			return nil, fmt.Errorf("the value is unknown")
		}
		return encodeValue(v.OutputValue().Element)
	case v.IsNull():
		return nil, nil
	case v.IsBool():
		return v.BoolValue(), nil
	case v.IsNumber():
		return v.NumberValue(), nil
	case v.IsString():
		return v.StringValue(), nil
	case v.IsArray():
		list := make([]any, len(v.ArrayValue()))
		for i, element := range v.ArrayValue() {
			encoded, err := encodeValue(element)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			list[i] = encoded
		}
		return list, nil
	case v.IsObject():
		return encodeObject(v.ObjectValue())
	case v.IsAsset():
		return map[string]any{assetKey: v.AssetValue().Serialize()}, nil
	case v.IsArchive():
		return map[string]any{archiveKey: v.ArchiveValue().Serialize()}, nil
	case v.IsResourceReference():
		id, _ := v.ResourceReferenceValue().IDString()
		return id, nil
	default:
		return nil, fmt.Errorf("the value is of type %s, which cannot be written", v.TypeString())
	}
}

func decode(text string) (resource.PropertyMap, error) {
	var plain map[string]any
	if err := json.Unmarshal([]byte(text), &plain); err != nil {
		return nil, err
	}
	return decodeObject(plain)
}

func decodeObject(plain map[string]any) (resource.PropertyMap, error) {
	properties := make(resource.PropertyMap, len(plain))
	for name, value := range plain {
		decoded, err := decodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		properties[resource.PropertyKey(name)] = decoded
	}
	return properties, nil
}

func decodeValue(plain any) (resource.PropertyValue, error) {
	switch plain := plain.(type) {
	case []any:
		list := make([]resource.PropertyValue, len(plain))
		for i, element := range plain {
			decoded, err := decodeValue(element)
			if err != nil {
				return resource.PropertyValue{}, err
			}
			list[i] = decoded
		}
		return resource.NewProperty(list), nil
	case map[string]any:
		if serialized, is := plain[assetKey].(map[string]any); is {
			a, _, err := asset.Deserialize(serialized)
			return resource.NewProperty(a), err
		}
		if serialized, is := plain[archiveKey].(map[string]any); is {
			a, _, err := archive.Deserialize(serialized)
			return resource.NewProperty(a), err
		}
		object, err := decodeObject(plain)
		return resource.NewProperty(object), err
	default:
		return resource.NewPropertyValue(plain), nil
	}
}
