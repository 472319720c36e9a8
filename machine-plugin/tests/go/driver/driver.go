package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/docker/machine/libmachine/drivers"
	"github.com/docker/machine/libmachine/log"
	"github.com/docker/machine/libmachine/mcnflag"
	"github.com/docker/machine/libmachine/state"
)

type driver struct {
	*drivers.BaseDriver
	Text, Empty  string
	Int          int
	Switch       bool
	List, Absent []string
	Token        string
	Big          float64
	Behave       string
	Step         int    `json:",omitempty"`
	KeyID        string `json:",omitempty"`
	ServerID     string `json:",omitempty"`
	Note         string `json:",omitempty"`

	// Known to the process that was given the flags alone, as in many real drivers.
	userData string
	gates    bool
	seen     *state.State
}

func newDriver() *driver {
	return &driver{BaseDriver: &drivers.BaseDriver{}}
}

func (d *driver) DriverName() string { return "peer" }

func (d *driver) GetCreateFlags() []mcnflag.Flag {
	note("GetCreateFlags")
	flags := []mcnflag.Flag{
		&mcnflag.StringFlag{Name: "peer-text", Usage: "a text", EnvVar: "PEER_TEXT", Value: "dflt"},
		&mcnflag.StringFlag{Name: "peer-empty", Usage: "a text without a default"},
		&mcnflag.IntFlag{Name: "peer-int", Usage: "a number", EnvVar: "PEER_INT", Value: -7},
		&mcnflag.BoolFlag{Name: "peer-switch", Usage: "a switch"},
		&mcnflag.StringSliceFlag{Name: "peer-list", Usage: "a list", Value: []string{"d1", "d2"}},
		&mcnflag.StringSliceFlag{Name: "peer-absent", Usage: "a list without a default"},
		&mcnflag.StringFlag{Name: "peer-token", Usage: "a secret", EnvVar: "PEER_TOKEN"},
		&mcnflag.StringFlag{Name: "peer-user-data", Usage: "kept in memory alone"},
		&mcnflag.StringFlag{Name: "peer-behave", Usage: "what goes wrong"},
		&mcnflag.BoolFlag{Name: "peer-gates", Usage: "wait at every step of create"},
	}
	if has("many-flags") {
		for i := 0; i < 500; i++ {
			flags = append(flags, &mcnflag.IntFlag{Name: fmt.Sprintf("peer-many-%d", i), Value: i})
		}
	}
	return flags
}

func (d *driver) SetConfigFromFlags(o drivers.DriverOptions) error {
	note("SetConfigFromFlags")
	d.Text, d.Empty = o.String("peer-text"), o.String("peer-empty")
	d.Int, d.Switch = o.Int("peer-int"), o.Bool("peer-switch")
	d.List, d.Absent = o.StringSlice("peer-list"), o.StringSlice("peer-absent")
	d.Token, d.userData = o.String("peer-token"), o.String("peer-user-data")
	d.Behave, d.gates = o.String("peer-behave"), o.Bool("peer-gates")
	d.Big = 12345678901234567890
	d.Note = "cleared by create"
	d.SetSwarmConfigFromFlags(o)
	log.Infof("install url is %s", o.String("engine-install-url"))
	if d.Behave == "flags-error" {
		return errors.New("peer-behave: this is no value")
	}
	return nil
}

func (d *driver) behaves(what string) bool {
	for _, b := range strings.Split(d.Behave, ",") {
		if b == what {
			return true
		}
	}
	return false
}

func (d *driver) PreCreateCheck() error {
	note("PreCreateCheck")
	if d.behaves("slow-check") {
		time.Sleep(1500 * time.Millisecond)
	}
	if d.behaves("check-error") {
		return errors.New("the account is not allowed to")
	}
	return nil
}

func (d *driver) step(name string) {
	d.Step++
	if d.gates {
		gate(name)
	}
}

func (d *driver) Create() error {
	note("Create %q", d.userData)
	log.Infof("Creating key...")
	d.Note = ""
	d.step("begin")
	if err := makeThing("key-" + d.MachineName); err != nil {
		return err
	}
	d.KeyID = "key-" + d.MachineName
	if err := d.chat(d.KeyID); err != nil {
		return err
	}
	d.step("key")
	switch {
	case d.behaves("create-error"):
		return errors.New("quota exceeded: servers (limit 10)")
	case d.behaves("create-panic"):
		panic(errors.New("index out of range"))
	case d.behaves("create-hard-panic"):
		panic("not an error")
	case d.behaves("create-exit"):
		os.Exit(4)
	case d.behaves("create-hang"):
		time.Sleep(time.Hour)
	case d.behaves("create-noise"):
		noise()
	case d.behaves("create-long"):
		time.Sleep(3 * time.Second)
	}
	if err := makeThing("server-" + d.MachineName); err != nil {
		return err
	}
	d.ServerID = "server-" + d.MachineName
	d.IPAddress = "127.0.0.1"
	if err := d.takeHost(); err != nil {
		return err
	}
	if err := d.chat(d.ServerID); err != nil {
		return err
	}
	d.step("server")
	log.Warn("Creation done")
	return nil
}

// takeHost makes a real host of the test's the machine.
func (d *driver) takeHost() error {
	address := os.Getenv("PEER_HOST")
	if address == "" {
		return nil
	}
	d.IPAddress, d.SSHUser = address, "root"
	key, err := os.ReadFile(os.Getenv("PEER_HOST_KEY"))
	if err != nil {
		return err
	}
	d.SSHKeyPath = d.GetSSHKeyPath()
	return os.WriteFile(d.SSHKeyPath, key, 0o600)
}

// chat looks at a thing and labels it, as drivers do that wait for what they made.
func (d *driver) chat(id string) error {
	if os.Getenv("PEER_CHAT") == "" {
		return nil
	}
	content, err := getThing(id)
	if err != nil {
		return err
	}
	return changeThing(id, content)
}

func noise() {
	for i := 0; i < 20000; i++ {
		fmt.Println("out", i)
		fmt.Fprintln(os.Stderr, "err", i)
	}
	fmt.Println(strings.Repeat("x", 200000))
	os.Stdout.Write([]byte("not \xff text\n"))
}

func (d *driver) GetState() (state.State, error) {
	note("GetState")
	if d.behaves("state-hang") {
		time.Sleep(time.Hour)
	}
	if d.seen == nil {
		s, err := d.look()
		if err != nil {
			return s, err
		}
		d.seen = &s
	}
	return *d.seen, nil
}

func (d *driver) look() (state.State, error) {
	if d.behaves("unreachable") {
		return state.Error, errors.New("dial tcp: lookup api.example.com: no such host")
	}
	content, err := getThing("server-" + d.MachineName)
	if err == errMissing {
		if d.behaves("state-none") {
			return state.None, nil
		}
		return state.Error, fmt.Errorf("server %q not found", d.MachineName)
	}
	if err != nil {
		return state.Error, err
	}
	switch content {
	case "running":
		return state.Running, nil
	case "stopped":
		return state.Stopped, nil
	}
	return state.None, nil
}

func (d *driver) set(s string) error {
	return changeThing("server-"+d.MachineName, s)
}

func (d *driver) Start() error {
	note("Start")
	d.Step++
	return d.set("running")
}

func (d *driver) Stop() error {
	note("Stop")
	return d.set("stopped")
}

func (d *driver) Kill() error {
	note("Kill")
	return d.set("stopped")
}

func (d *driver) Restart() error {
	note("Restart")
	return d.set("running")
}

func (d *driver) Remove() error {
	note("Remove")
	if d.behaves("remove-error") {
		return errors.New("the server is locked")
	}
	if d.behaves("remove-exit") {
		os.Exit(5)
	}
	if has("by-name") {
		return d.removeByName()
	}
	// By what it wrote down, as many real drivers do: what it did not, it leaves.
	if d.ServerID == "" && d.KeyID == "" {
		return errors.New("nothing to remove: no id")
	}
	if d.ServerID != "" {
		if err := deleteThing(d.ServerID); err == errMissing {
			return errors.New("server not found")
		} else if err != nil {
			return err
		}
	}
	if d.behaves("key-error") {
		return errors.New("cannot delete the key: forbidden")
	}
	if d.KeyID != "" {
		if err := deleteThing(d.KeyID); err != nil && err != errMissing {
			return err
		}
	}
	d.ServerID, d.KeyID = "", ""
	return nil
}

// removeByName leaves nothing that create made, as drivers of hypervisors do, and complains where
// there was nothing.
func (d *driver) removeByName() error {
	found := false
	for _, id := range []string{"server-" + d.MachineName, "key-" + d.MachineName} {
		err := deleteThing(id)
		if err != nil && err != errMissing {
			return err
		}
		found = found || err == nil
	}
	d.ServerID, d.KeyID = "", ""
	if !found {
		return errors.New("machine does not exist")
	}
	return nil
}

func (d *driver) GetSSHHostname() (string, error) { return d.GetIP() }

func (d *driver) GetURL() (string, error) {
	if err := drivers.MustBeRunning(d); err != nil {
		return "", err
	}
	return fmt.Sprintf("tcp://%s:2376", d.IPAddress), nil
}
