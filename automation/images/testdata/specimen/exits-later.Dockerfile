FROM scratch
COPY specimen /specimen
USER 65532:65532
ENTRYPOINT ["/specimen", "exits-later"]
