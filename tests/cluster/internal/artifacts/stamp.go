// SPDX-License-Identifier: Apache-2.0

package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// key is a hash over everything that a result depends on.
type key struct{ hash io.Writer }

// once calls `work` unless its result is there already: `outputs` exist, and what `inputs` feeds in is what it was the last
// time. The stamp of the last time is kept in `folder`.
func once(folder, name string, outputs []string, inputs func(key) error, work func() error) error {
	hash := sha256.New()
	if err := inputs(key{hash}); err != nil {
		return err
	}
	want := hex.EncodeToString(hash.Sum(nil))
	stamp := filepath.Join(folder, name)
	if last, err := os.ReadFile(stamp); err == nil && string(last) == want && allExist(outputs) {
		return nil
	}
	// Half a result with a good stamp must not be.
	if err := os.Remove(stamp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

func allExist(paths []string) bool {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return false
		}
	}
	return true
}

func (k key) text(values ...string) {
	for _, value := range values {
		fmt.Fprintf(k.hash, "%d:%s", len(value), value)
	}
}

// content feeds in what a file holds.
func (k key) content(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	k.text(filepath.Base(path), string(data))
	return nil
}

// identity feeds in which file it is: for large ones, whose content would take long to read.
func (k key) identity(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	k.text(path, fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
	return nil
}
