package thimble;

import org.eclipse.hawkbit.autoconfigure.security.EnableHawkbitManagedSecurityConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** hawkBit's update server from its published parts, without its user interface and without RabbitMQ. */
@SpringBootApplication
@EnableHawkbitManagedSecurityConfiguration
public class UpdateServer {
    public static void main(final String[] arguments) {
        SpringApplication.run(UpdateServer.class, arguments);
    }
}
