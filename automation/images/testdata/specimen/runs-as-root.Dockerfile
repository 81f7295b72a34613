FROM scratch
COPY specimen /specimen
ENTRYPOINT ["/specimen", "good"]
