package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// errMissing is the cloud's word for what it does not have.
var errMissing = errors.New("404 not found")

// The cloud is the folder PEER_CLOUD, or where PEER_URL is set what answers there.

func getThing(id string) (string, error) {
	if os.Getenv("PEER_URL") != "" {
		return ask("GET", id, "")
	}
	content, err := os.ReadFile(cloud(id))
	if os.IsNotExist(err) {
		return "", errMissing
	}
	return string(content), err
}

func makeThing(id string) error {
	if os.Getenv("PEER_URL") != "" {
		_, err := ask("POST", id, "running")
		return err
	}
	if _, err := getThing(id); err == nil {
		return fmt.Errorf("%s already exists", id)
	}
	return os.WriteFile(cloud(id), []byte("running"), 0o600)
}

func changeThing(id, content string) error {
	if os.Getenv("PEER_URL") != "" {
		_, err := ask("PUT", id, content)
		return err
	}
	if _, err := getThing(id); err != nil {
		return err
	}
	return os.WriteFile(cloud(id), []byte(content), 0o600)
}

func deleteThing(id string) error {
	if os.Getenv("PEER_URL") != "" {
		_, err := ask("DELETE", id, "")
		return err
	}
	err := os.Remove(cloud(id))
	if os.IsNotExist(err) {
		return errMissing
	}
	return err
}

var client = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func ask(method, id, body string) (string, error) {
	request, err := http.NewRequest(method, os.Getenv("PEER_URL")+id, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusNotFound {
		return "", errMissing
	}
	if response.StatusCode != http.StatusOK {
		return "", errors.New(response.Status)
	}
	return string(text), err
}

func cloud(name string) string {
	return filepath.Join(os.Getenv("PEER_CLOUD"), name)
}
