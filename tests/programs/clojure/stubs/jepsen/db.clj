; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.db)
(defprotocol DB (setup! [db test node]) (teardown! [db test node]))
(defprotocol Kill (start! [db test node]) (kill! [db test node]))
(defprotocol Pause (pause! [db test node]) (resume! [db test node]))
(defprotocol LogFiles (log-files [db test node]))
