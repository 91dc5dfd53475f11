; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.control.util)
(defn start-daemon! [opts bin & args] [opts bin args])
(defn stop-daemon! ([pidfile] pidfile) ([cmd pidfile] [cmd pidfile]))
(defn grepkill! ([pattern] pattern) ([signal pattern] [signal pattern]))
(defn await-tcp-port ([port] port) ([port opts] [port opts]))
