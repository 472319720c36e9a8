// The original gob, for comparison.
//
//	gob emit SEED      writes values as one gob stream
//	gob describe SEED  writes the same values as JSON, one a line
//	gob check SEED     reads a gob stream and says whether it holds the same values
package main

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strconv"
)

func main() {
	if len(os.Args) != 3 {
		fail("usage: gob emit|describe|check SEED")
	}
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		fail(err)
	}
	register()
	values := values(rand.New(rand.NewSource(seed)))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch os.Args[1] {
	case "emit":
		encoder := gob.NewEncoder(out)
		for _, v := range values {
			if err := encoder.Encode(v); err != nil {
				fail(err)
			}
		}
	case "describe":
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for _, v := range values {
			if err := encoder.Encode(describe(reflect.ValueOf(v).Elem(), true)); err != nil {
				fail(err)
			}
		}
	case "check":
		decoder := gob.NewDecoder(os.Stdin)
		for i, v := range values {
			got := reflect.New(reflect.TypeOf(v).Elem())
			if err := decoder.DecodeValue(got); err != nil {
				fail(fmt.Sprintf("value %d: %v", i, err))
			}
			if !reflect.DeepEqual(v, got.Interface()) {
				fail(fmt.Sprintf("value %d differs:\n%#v\n%#v", i, v, got.Interface()))
			}
		}
	}
}

func fail(what interface{}) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}
