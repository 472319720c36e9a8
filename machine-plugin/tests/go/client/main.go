// A host on the original library: it drives a plugin as Docker Machine does.
//
//	client STORE NAME DRIVER flags
//	client STORE NAME DRIVER create [FLAG=VALUE]...
//	client STORE NAME DRIVER METHOD
//
// Settings are kept in STORE/machines/NAME/driver.json. It prints one JSON object.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/machine/libmachine/drivers/rpc"
	"github.com/docker/machine/libmachine/mcnflag"
)

var store, name, driver string

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: client STORE NAME DRIVER METHOD")
		os.Exit(2)
	}
	store, name, driver = os.Args[1], os.Args[2], os.Args[3]
	factory := rpcdriver.NewRPCClientDriverFactory()
	result, err := run(factory, os.Args[4], os.Args[5:])
	factory.Close()
	answer := map[string]interface{}{"result": result}
	if err != nil {
		answer["error"] = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(answer)
}

func file() string {
	return filepath.Join(store, "machines", name, "driver.json")
}

func base(name, store string) []byte {
	raw, _ := json.Marshal(map[string]interface{}{
		"IPAddress": "", "MachineName": name, "SSHUser": "", "SSHPort": 0, "SSHKeyPath": "",
		"StorePath": store, "SwarmMaster": false, "SwarmHost": "", "SwarmDiscovery": "",
	})
	return raw
}

func run(factory rpcdriver.RPCClientDriverFactory, method string, args []string) (interface{}, error) {
	switch method {
	case "flags":
		d, err := factory.NewRPCClientDriver(driver, base("flag-lookup", ""))
		if err != nil {
			return nil, err
		}
		return describe(d.GetCreateFlags()), nil
	case "create":
		return nil, create(factory, args)
	}
	raw, err := os.ReadFile(file())
	if err != nil {
		return nil, err
	}
	d, err := factory.NewRPCClientDriver(driver, raw)
	if err != nil {
		return nil, err
	}
	result, err := call(d, method)
	if method != "remove" {
		if saved := save(d); err == nil {
			err = saved
		}
	}
	return result, err
}

func describe(flags []mcnflag.Flag) []map[string]interface{} {
	var all []map[string]interface{}
	for _, f := range flags {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", f), "*mcnflag.")
		one := map[string]interface{}{"kind": kind, "default": f.Default()}
		switch f := f.(type) {
		case *mcnflag.StringFlag:
			one["name"], one["env"], one["usage"] = f.Name, f.EnvVar, f.Usage
		case *mcnflag.IntFlag:
			one["name"], one["env"], one["usage"] = f.Name, f.EnvVar, f.Usage
		case *mcnflag.BoolFlag:
			one["name"], one["env"], one["usage"] = f.Name, f.EnvVar, f.Usage
		case *mcnflag.StringSliceFlag:
			one["name"], one["env"], one["usage"] = f.Name, f.EnvVar, f.Usage
		}
		all = append(all, one)
	}
	return all
}

func create(factory rpcdriver.RPCClientDriverFactory, args []string) error {
	d, err := factory.NewRPCClientDriver(driver, base(name, store))
	if err != nil {
		return err
	}
	values := map[string]interface{}{
		"driver": driver, "engine-install-url": "https://get.docker.com", "swarm": false,
		"swarm-master": false, "swarm-host": "tcp://0.0.0.0:3376", "swarm-discovery": "",
		"engine-label": []string{"a=b"},
	}
	kinds := map[string]mcnflag.Flag{}
	for _, f := range d.GetCreateFlags() {
		kinds[f.String()] = f
		values[f.String()] = f.Default()
		if f.Default() == nil {
			values[f.String()] = false
		}
	}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch kinds[key].(type) {
		case *mcnflag.IntFlag:
			values[key], err = strconv.Atoi(value)
		case *mcnflag.BoolFlag:
			values[key], err = strconv.ParseBool(value)
		case *mcnflag.StringSliceFlag:
			values[key] = strings.Split(value, ",")
		case *mcnflag.StringFlag:
			values[key] = value
		default:
			err = errors.New("no such flag: " + key)
		}
		if err != nil {
			return err
		}
	}
	if err := d.SetConfigFromFlags(&rpcdriver.RPCFlags{Values: values}); err != nil {
		return fmt.Errorf("flags: %v", err)
	}
	if err := d.PreCreateCheck(); err != nil {
		return fmt.Errorf("check: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file()), 0o700); err != nil {
		return err
	}
	if err := save(d); err != nil {
		return err
	}
	err = d.Create()
	if saved := save(d); err == nil {
		err = saved
	}
	return err
}

func save(d *rpcdriver.RPCClientDriver) error {
	raw, err := d.GetConfigRaw()
	if err != nil {
		return err
	}
	return os.WriteFile(file(), raw, 0o600)
}

func call(d *rpcdriver.RPCClientDriver, method string) (interface{}, error) {
	switch method {
	case "start":
		return nil, d.Start()
	case "stop":
		return nil, d.Stop()
	case "restart":
		return nil, d.Restart()
	case "kill":
		return nil, d.Kill()
	case "remove":
		return nil, d.Remove()
	case "upgrade":
		return nil, d.Upgrade()
	case "look":
		return look(d)
	}
	return nil, errors.New("no such method")
}

func look(d *rpcdriver.RPCClientDriver) (interface{}, error) {
	seen := map[string]interface{}{
		"driver": d.DriverName(), "machine": d.GetMachineName(),
		"user": d.GetSSHUsername(), "key": d.GetSSHKeyPath(),
	}
	state, err := d.GetState()
	if err != nil {
		return seen, err
	}
	seen["state"] = state.String()
	note := func(what string, value interface{}, err error) {
		if seen[what] = value; err != nil {
			seen[what] = "error: " + err.Error()
		}
	}
	url, err := d.GetURL()
	note("url", url, err)
	ip, err := d.GetIP()
	note("ip", ip, err)
	host, err := d.GetSSHHostname()
	note("host", host, err)
	port, err := d.GetSSHPort()
	note("port", port, err)
	return seen, nil
}
