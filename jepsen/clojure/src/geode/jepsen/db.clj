; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.db
  "Puts geode-node onto the nodes of a test, and starts, kills and pauses it there."
  (:require [clojure.tools.logging :refer [info]]
            [jepsen.control :as c]
            [jepsen.control.net :as cn]
            [jepsen.control.util :as cu]
            [jepsen.db :as db]))

(def dir "/opt/geode")
(def binary (str dir "/geode-node"))
(def data (str dir "/data"))
(def logfile (str dir "/geode.log"))
(def pidfile (str dir "/geode.pid"))
(def client-port 3141)
(def cluster-port 3142)

(defn node-id
  "Nodes are numbered from 1 in the order of the test."
  [test node]
  (inc (.indexOf ^java.util.List (:nodes test) node)))

(defn endpoint [node] (str node ":" client-port))

(defn member-flags
  "--member ID=HOST:PORT,HOST:PORT of every node, by address, since nodes need not know names."
  [test]
  (mapcat (fn [node]
            (let [ip (cn/ip node)]
              ["--member" (str (node-id test node) "=" ip ":" cluster-port "," ip ":"
                               client-port)]))
          (:nodes test)))

(defn start-node! [test node]
  (cu/start-daemon! {:logfile logfile, :pidfile pidfile, :chdir dir}
                    binary
                    :--node-id (node-id test node)
                    :--data-dir data
                    :--listen (str "0.0.0.0:" client-port)
                    :--cluster-listen (str "0.0.0.0:" cluster-port)
                    (member-flags test)))

(defn db
  "`:geode-node` of the test is the daemon on the control node; it is uploaded."
  []
  (reify
    db/DB
    (setup! [_ test node]
      (info node "installing geode-node")
      (c/su
        (c/exec :mkdir :-p dir)
        (c/upload (:geode-node test) binary)
        (c/exec :chmod :+x binary)
        (start-node! test node))
      (cu/await-tcp-port client-port))
    (teardown! [_ test node]
      (c/su
        (cu/stop-daemon! binary pidfile)
        (c/exec :rm :-rf dir)))

    db/Kill
    (start! [_ test node] (c/su (start-node! test node)))
    (kill! [_ test node] (c/su (cu/stop-daemon! binary pidfile)))

    db/Pause
    (pause! [_ test node] (c/su (cu/grepkill! :stop "geode-node")))
    (resume! [_ test node] (c/su (cu/grepkill! :cont "geode-node")))

    db/LogFiles
    (log-files [_ test node] [logfile])))
