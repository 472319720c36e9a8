// A driver plugin on the original library, with a pretended cloud.
//
// PEER_CLOUD names a folder, in which each thing is a file. PEER_MODE lists what is wrong with
// the plugin as a whole; what is wrong with one call is said by the create flag peer-behave.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func has(mode string) bool {
	for _, m := range strings.Split(os.Getenv("PEER_MODE"), ",") {
		if m == mode {
			return true
		}
	}
	return false
}

// note appends a line to a file that tests read.
func note(format string, args ...interface{}) {
	f, err := os.OpenFile(cloud(".calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "%d %s\n", os.Getpid(), fmt.Sprintf(format, args...))
}

// gate says where we are and waits until the test lets us on.
func gate(name string) {
	os.WriteFile(cloud(".at-"+name), nil, 0o600)
	for {
		if _, err := os.Stat(cloud(".pass-" + name)); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// count says how many of us there are.
func count() {
	os.WriteFile(cloud(fmt.Sprint(".living-", os.Getpid())), nil, 0o600)
	all, _ := filepath.Glob(cloud(".living-*"))
	note("living %d", len(all))
}

func main() {
	note("start")
	if has("count") {
		count()
	}
	d := newDriver()
	switch {
	case has("mute"):
		time.Sleep(time.Hour)
	case has("garbage"):
		for i := 0; i < 50; i++ {
			fmt.Println("this is no address: it is line", i)
		}
		time.Sleep(time.Hour)
	case has("exit"):
		fmt.Fprintln(os.Stderr, "cannot load the configuration of the driver")
		os.Exit(3)
	case has("refused"):
		fmt.Println("127.0.0.1:1")
		time.Sleep(time.Hour)
	}
	if has("banner") {
		fmt.Println("peer driver, version 1.2.3")
		fmt.Println("time=12:00:00 level=info")
	}
	serve(d)
}
