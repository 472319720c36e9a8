package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

var names = map[reflect.Type]string{
	reflect.TypeOf(Leaf{}):                   "Leaf",
	reflect.TypeOf(&Inner{}):                 "*Inner",
	reflect.TypeOf(Part{}):                   "Part",
	reflect.TypeOf(Empty{}):                  "Empty",
	reflect.TypeOf(&Tree{}):                  "*Tree",
	reflect.TypeOf(&RPCFlags{}):              "*RPCFlags",
	reflect.TypeOf([]interface{}{}):          "[]interface",
	reflect.TypeOf(map[string]interface{}{}): "map",
	reflect.TypeOf(time.Time{}):              "time",
}

type object map[string]interface{}

// describe is what a decoder should see. all is set where zero values are sent as well.
func describe(v reflect.Value, all bool) interface{} {
	for v.Kind() == reflect.Ptr {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int64:
		return object{"int": strconv.FormatInt(v.Int(), 10)}
	case reflect.Uint8, reflect.Uint16, reflect.Uint64:
		return object{"uint": strconv.FormatUint(v.Uint(), 10)}
	case reflect.Float32, reflect.Float64:
		return object{"float": fmt.Sprintf("%016x", math.Float64bits(v.Float()))}
	case reflect.Complex128:
		c := v.Complex()
		return object{"complex": fmt.Sprintf("%016x %016x", math.Float64bits(real(c)), math.Float64bits(imag(c)))}
	case reflect.String:
		return v.String()
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return object{"bytes": hex.EncodeToString(v.Bytes())}
		}
		return list(v)
	case reflect.Array:
		return list(v)
	case reflect.Map:
		pairs := object{}
		for _, k := range v.MapKeys() {
			pairs[fmt.Sprint(k.Interface())] = describe(v.MapIndex(k), true)
		}
		return object{"map": pairs}
	case reflect.Interface:
		inner := v.Elem()
		name, ok := names[inner.Type()]
		if !ok {
			name = inner.Type().String()
		}
		return object{"interface": name, "value": describe(inner, true)}
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			b, err := t.MarshalBinary()
			if err != nil {
				fail(err)
			}
			return object{"opaque": hex.EncodeToString(b)}
		}
		fields := object{}
		for i := 0; i < v.NumField(); i++ {
			if f := v.Field(i); sent(f) {
				fields[v.Type().Field(i).Name] = describe(f, false)
			}
		}
		return object{"struct": v.Type().Name(), "fields": fields}
	}
	panic(v.Kind())
}

func list(v reflect.Value) interface{} {
	items := []interface{}{}
	for i := 0; i < v.Len(); i++ {
		items = append(items, describe(v.Index(i), true))
	}
	return items
}

// sent says whether a field is on the wire.
func sent(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.Ptr, reflect.Interface, reflect.Map:
		return !f.IsNil()
	case reflect.Slice:
		return f.Len() > 0
	case reflect.Array:
		return true
	case reflect.Struct:
		if t, ok := f.Interface().(time.Time); ok {
			return t != time.Time{}
		}
		return true
	}
	return !f.IsZero()
}
